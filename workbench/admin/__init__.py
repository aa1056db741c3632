"""How any kind of record and any list of settings is administered: through the same operations."""

from workbench.admin.forms import RecordAdminForm, TellingForm, VersionedForm
from workbench.admin.history import custom_fields_of, label_of, said, told
from workbench.admin.pages import Button, OperatedAdmin, is_lookup, user_of
from workbench.admin.records import ReadOnlyInline, RecordAdmin
from workbench.admin.settings import (
    ChoiceAdmin,
    ReadOnlyAdmin,
    SettingAdmin,
    SettingInline,
    lines_of,
    met_now,
)

__all__ = [
    "Button",
    "ChoiceAdmin",
    "OperatedAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "RecordAdmin",
    "RecordAdminForm",
    "SettingAdmin",
    "SettingInline",
    "TellingForm",
    "VersionedForm",
    "custom_fields_of",
    "is_lookup",
    "label_of",
    "lines_of",
    "met_now",
    "said",
    "told",
    "user_of",
]
