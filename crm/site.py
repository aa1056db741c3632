"""The index of the administration: by what somebody comes to do, not by where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest

# A task, and the kinds of things that are shaped or looked at for it, in order.
TASKS: tuple[tuple[str, Any, str], ...] = (
    ("people", _("Let people in"), "User Role Team ApiToken"),
    ("forms", _("Fields and forms"), "CustomField FormLayout FormCondition Tag"),
    ("processes", _("Processes"), "Process Stage"),
    (
        "qualifying",
        _("Qualifying and assigning"),
        "FieldMapping QualificationRuleSet AssignmentRule LeadLimits DisqualifyReason",
    ),
    (
        "lists",
        _("What sales chooses from"),
        "Source Campaign Product Competitor LossReason Currency Target EmailTemplate Retention",
    ),
    ("entrances", _("Ways in and out"), "WebForm Door Delivery Reference Webhook Message"),
    ("records", _("Records"), "Lead Account Contact Opportunity Activity"),
    (
        "happened",
        _("What happened"),
        "AuditEntry Qualification AutomaticQualification RuleRun Assignment Merge Mail",
    ),
)
REST = ("rest", _("How it works inside"))


class Site(AdminSite):
    """The administration."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the pages by task; those of one app where one is asked for."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        pages = {page["object_name"]: page for app in apps for page in app["models"]}
        found = [
            (key, title, [pages.pop(name) for name in names.split() if name in pages])
            for key, title, names in TASKS
        ]
        found.append((*REST, list(pages.values())))
        return [
            {
                "name": title,
                "app_label": key,
                "app_url": f"#task-{key}",
                "has_module_perms": True,
                "models": models,
            }
            for key, title, models in found
            if models
        ]
