"""What people say about themselves, and about the keys that they give to programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from users import formats
from users.models import ApiToken, Channel, NoticeKind, User
from users.operations import VIEW

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFETIMES = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("One year")),
    ("", gettext_lazy("No end")),
]


class OwnForm(forms.Form):
    """Something that a person says of himself."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    @classmethod
    def of(cls, user: User) -> OwnForm:
        """Return the form as it stands."""
        return cls(user=user, initial={n: getattr(user, n) for n in cls.base_fields})


class ProfileForm(OwnForm):
    """How somebody is called, and how the pages look and listen."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False, strip=True)
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"), choices=User.Theme.choices, widget=forms.RadioSelect
    )
    density = forms.ChoiceField(
        label=gettext_lazy("Height of rows in lists"),
        choices=User.Density.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    start_page = forms.ChoiceField(
        label=gettext_lazy("Begin with"),
        help_text=gettext_lazy("What the first page shows: one of these, or a view of yours."),
        required=False,
    )
    has_shortcuts = forms.BooleanField(
        label=gettext_lazy("Single-key shortcuts"),
        help_text=gettext_lazy(
            "Keys like J, K and Q. Turn them off if you speak to your computer."
        ),
        required=False,
    )
    signature = forms.CharField(
        label=gettext_lazy("Email signature"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stands under every email that you begin."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        views = self.user.saved_views.order_by("name", "pk").values_list("pk", "name")
        pages: Any = self.fields["start_page"]
        pages.choices = [
            *User.StartPage.choices,
            *((f"{VIEW}{number}", name) for number, name in views[:200]),
        ]

    def clean_start_page(self) -> str | None:
        return self.cleaned_data["start_page"] or None


class RegionForm(OwnForm):
    """In which language, with which numbers and days, and by which clock somebody works."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    locale = forms.ChoiceField(label=gettext_lazy("Numbers, dates and money as in"), required=False)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    first_weekday = forms.ChoiceField(
        label=gettext_lazy("A week begins on"), choices=User.Weekday.choices, required=False
    )
    currency_display = forms.ChoiceField(
        label=gettext_lazy("Currencies as"),
        choices=User.Currency.choices,
        widget=forms.RadioSelect,
    )
    shows_own_currency = forms.BooleanField(
        label=gettext_lazy("Show other currencies also in the installation's"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if len(settings.LANGUAGES) > 1:
            usual = dict(settings.LANGUAGES).get(settings.LANGUAGE_CODE, settings.LANGUAGE_CODE)
            fields["language"].choices = [
                ("", _("As the installation: %(language)s") % {"language": usual}),
                *settings.LANGUAGES,
            ]
        else:
            del fields["language"]
        fields["locale"].choices = [
            ("", _("As the language")),
            *formats.locales(get_language() or settings.LANGUAGE_CODE),
        ]
        zone = str(timezone.get_default_timezone())
        fields["time_zone"].help_text = _(
            "Type a city, like Berlin. Empty it is that of the installation: %(zone)s."
        ) % {"zone": zone}
        fields["shows_own_currency"].help_text = _("Like $30,000 (%(amount)s).") % {
            "amount": formats.money(27600)
        }

    def clean_time_zone(self) -> str:
        typed: str = self.cleaned_data["time_zone"].strip()
        if not typed:
            return ""
        if (name := zone_called(typed)) is None:
            raise forms.ValidationError(
                _("Choose one of the time zones of the list, like Europe/Berlin.")
            )
        return name


def zone_called(typed: str) -> str | None:
    """Return the zone of this name, or the only one with a city of this name.

    >>> zone_called("europe/berlin"), zone_called("new york"), zone_called("Atlantis")
    ('Europe/Berlin', 'America/New_York', None)
    """
    wanted = "_".join(typed.casefold().split())
    names = [name for name in formats.zones() if name.casefold() == wanted]
    if not names:
        names = [name for name in formats.zones() if name.casefold().endswith(f"/{wanted}")]
        # The same city may stand under its old name, too.
        names = [name for name in names if name.count("/") == 1] or names
    return names[0] if len(names) == 1 else None


class NoticesForm(forms.Form):
    """Of what somebody wants to be told, how, and at once or once a day."""

    digest_hour = forms.TypedChoiceField(
        label=gettext_lazy("Emails"), coerce=int, empty_value=None, required=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, label in NoticeKind.choices:
            self.fields[kind] = forms.ChoiceField(
                label=label, choices=Channel.choices, initial=user.channel_of(kind)
            )
        digest: Any = self.fields["digest_hour"]
        digest.initial = "" if user.digest_hour is None else user.digest_hour
        digest.choices = [
            ("", _("At once, several together")),
            *(
                (hour, _("Once a day, at %(time)s") % {"time": formats.hour(hour)})
                for hour in range(24)
            ),
        ]
        self.order_fields([*NoticeKind.values, "digest_hour"])

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        kinds = {kind: told[kind] for kind in NoticeKind.values if kind in told}
        return {"notices": kinds, "digest_hour": told.get("digest_hour")}


class ThemeForm(forms.Form):
    """The theme alone, as the menu at the top sends it."""

    theme = forms.ChoiceField(choices=User.Theme.choices)


class TokenForm(forms.Form):
    """A new key: a name to know it by, what it may do, and until when."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("The program that will use it."),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("May"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ
    )
    lifetime = forms.ChoiceField(
        label=gettext_lazy("Ends after"), choices=LIFETIMES, initial="90", required=False
    )

    def clean(self) -> Mapping[str, Any]:
        terms = self.cleaned_data
        days = terms.pop("lifetime", "")
        terms["expires_at"] = _in_days(int(days)) if days else None
        return terms


def _in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)
