"""Templates of emails: one's own and those shared with one; shown on a real record before use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from emails import operations
from emails.forms import TemplateForm, VersionForm
from emails.models import EmailTemplate
from emails.placeholders import filled
from emails.queries import people_of, placeholders_for, problems_of, values_for
from emails.querysets import KINDS
from workbench.views.record import Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from records.errors import Stale

PREVIEW = "preview"
EXAMPLES = 4  # of each kind, the newest first


class TemplatePage(Page):
    """A page about templates; one that is not one's own to change is forbidden, to see is not."""

    model = EmailTemplate
    kind = "activity"
    action: ClassVar[str] = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        template = self.template if "pk" in self.kwargs else None
        rows = EmailTemplate.objects.permitted(self.user, self.action)
        if template is not None and not rows.filter(pk=template.pk).exists():
            raise PermissionDenied(
                _("This template belongs to %(owner)s. Save one of your own.")
                % {"owner": template.owner}
            )
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def template(self) -> EmailTemplate:
        rows = EmailTemplate.objects.permitted(self.user).select_related("owner")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def cancel_url(self) -> str:
        return reverse("emails:list")


class TemplateList(TemplatePage, TemplateView):
    """The templates that the user may begin an email with."""

    template_name = "emails/templates.html"
    title = gettext_lazy("Email templates")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = EmailTemplate.objects.permitted(self.user).select_related("owner")
        mine = set(
            EmailTemplate.objects.permitted(self.user, "change").values_list("pk", flat=True)
        )
        templates = [
            {
                "template": each,
                "kinds": kinds_in_words(each.kinds),
                "may_change": each.pk in mine,
                "is_own": each.owner_id == self.user.pk,
            }
            for each in rows.order_by("name", "pk")
        ]
        return super().get_context_data(templates=templates, **kwargs)


def kinds_in_words(kinds: Any) -> str:
    """Say on which kinds of record a template is offered."""
    names = [str(KINDS[kind]._meta.verbose_name_plural) for kind in kinds if kind in KINDS]
    return ", ".join(names) or _("all records")


class TemplateEditor(TemplatePage, SettingForm):
    """A page with the form of a template, and what it says on a record beside it."""

    form_class = TemplateForm
    template_name = "emails/template_form.html"
    submit_label = gettext_lazy("Save template")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "examples": self.examples}

    @cached_property
    def examples(self) -> list[tuple[str, str]]:
        """Records to show a template on: the newest of each kind that the user sees."""
        found: list[tuple[str, str]] = []
        for kind, model in KINDS.items():
            rows: Any = model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]
            name = str(model._meta.verbose_name).capitalize()
            newest = rows.order_by("-created_at", "-pk")[:EXAMPLES]
            found += [(f"{kind}:{record.pk}", f"{name}: {record}") for record in newest]
        return found

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if PREVIEW not in request.POST:
            return super().post(request, *args, **kwargs)
        # Shown as it was typed, nothing asked of it: it need not be finished.
        kwargs_ = self.get_form_kwargs() | {"data": None, "files": None}
        kwargs_["initial"] = {**self.get_initial(), **self.as_typed()}
        form = self.form_class(**kwargs_)
        return self.render_to_response(self.get_context_data(form=form, preview=self.preview()))

    def as_typed(self) -> dict[str, Any]:
        sent = self.request.POST
        typed = {name: sent.get(name, "") for name in ("name", "subject", "text", "audience", "on")}
        return {
            **typed,
            "kinds": sent.getlist("kinds"),
            "is_active": "is_active" in sent,
            "version": sent.get("version", ""),
        }

    def preview(self) -> dict[str, Any]:
        """Return what the template says on the chosen record, or what is wrong with it."""
        typed = self.as_typed()
        kinds = [kind for kind in typed["kinds"] if kind in KINDS]
        problems = [
            each
            for name in ("subject", "text")
            for each in problems_of(typed[name][: EmailTemplate.LONGEST_TEXT], kinds, self.user)
        ]
        record = self.example_named(typed["on"])
        if problems or record is None:
            asks = [] if record is not None else [_("Choose a record to show it on.")]
            return {"problems": problems or asks}
        person = next(iter(people_of(record, self.user)), None)
        value_of = values_for(record, self.user, person)
        return {
            "record": record,
            "to": person.address if person else "",
            "subject": filled(typed["subject"][:200], value_of),
            "text": filled(typed["text"][: EmailTemplate.LONGEST_TEXT], value_of),
        }

    def example_named(self, name: str) -> Any:
        kind, _colon, pk = name.partition(":")
        if kind not in KINDS or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            return None
        rows: Any = KINDS[kind].objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        return rows.select_related("owner").filter(pk=int(pk)).first()

    def typed(self, form: TemplateForm) -> dict[str, Any]:
        names = ("name", "kinds", "audience", "subject", "text", "is_active")
        return {name: form.cleaned_data[name] for name in names}

    def in_words(self, form: TemplateForm, name: str, value: Any) -> str:
        if name == "kinds":
            return kinds_in_words(value)
        if name == "audience":
            return str(EmailTemplate.Audience(value).label)
        return super().in_words(form, name, value)

    def success_message(self, outcome: EmailTemplate) -> str:
        return _("The template %(template)s was saved") % {"template": outcome}

    def success_url_for(self, outcome: EmailTemplate) -> str:
        return reverse("emails:list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        kinds = context["form"]["kinds"].value() or []
        chosen = [kind for kind in kinds if kind in KINDS]
        return {**context, "placeholders": placeholders_for(chosen, self.user)}


class TemplateCreate(TemplateEditor):
    """Keep a new template."""

    action = "view"
    title = gettext_lazy("New email template")

    def run(self, form: TemplateForm) -> EmailTemplate:
        return operations.save_template(EmailTemplate(**self.settled(form)), by=self.user)


class TemplateEdit(TemplateEditor):
    """Change a template; who saves what somebody else has changed is shown both."""

    action = "change"

    def page_title(self) -> str:
        return _("Edit %(template)s") % {"template": self.template}

    def run(self, form: TemplateForm) -> EmailTemplate:
        version = form.cleaned_data["version"]
        return operations.change_template(
            self.template, by=self.user, version=version, **self.settled(form)
        )

    def get_initial(self) -> dict[str, Any]:
        return {
            **super().get_initial(),
            **beginning_of(self.template),
            "version": self.template.version,
        }

    def standing(self) -> Mapping[str, Any]:
        return beginning_of(EmailTemplate.objects.get(pk=self.template.pk))

    def standing_before(self, refusal: Stale) -> Mapping[str, Any]:
        return {**beginning_of(self.template), **refusal.read}


def beginning_of(template: EmailTemplate) -> dict[str, Any]:
    """Return what the form of a template begins with, by field."""
    names = ("name", "kinds", "audience", "subject", "text", "is_active")
    return {name: getattr(template, name) for name in names}


class TemplateDelete(TemplatePage, SettingForm):
    """Ask, then delete a template."""

    action = "delete"
    form_class = VersionForm
    template_name = "workbench/operation.html"
    submit_label = gettext_lazy("Delete template")

    def page_title(self) -> str:
        return _("Delete %(template)s") % {"template": self.template}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.template.version}

    def typed(self, form: Any) -> dict[str, Any]:
        return {}

    def run(self, form: Any) -> None:
        operations.delete_template(self.template, by=self.user, **form.cleaned_data)

    def success_message(self, outcome: Any) -> str:
        return _("The template %(template)s was deleted") % {"template": self.template}

    def success_url_for(self, outcome: Any) -> str:
        return reverse("emails:list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        explanation = _("Nobody can begin an email with it any more. What was sent stays.")
        return super().get_context_data(explanation=explanation, is_dangerous=True, **kwargs)
