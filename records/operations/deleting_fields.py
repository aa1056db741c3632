"""A custom field that goes: out of use at once, its data after 30 days; till then it comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from records import audit
from records.models import CustomField
from records.operations import operation, require_for_all
from records.operations.retyping import rewrite
from records.operations.shaping import save_field

if TYPE_CHECKING:
    from users.models import User

KEPT_FOR = timedelta(days=30)


@operation
def delete_field(field: CustomField, *, by: User) -> CustomField:
    """Take a field out of use for good. Its values stay for 30 days, in which it can come back.

    `save_field` brings it back: whoever puts it into use again has not lost anything.
    """
    require_for_all(by, "delete", CustomField)
    field.is_active = False
    field.deleted_at = timezone.now()
    return save_field(field, by=by)


@operation
def purge_fields(*, by: User, now: datetime | None = None) -> int:
    """Forget the fields that were deleted more than 30 days ago, and their values; return how many.

    The key is free again then. A field that a mapping still names waits until it does not.
    """
    before = (now or timezone.now()) - KEPT_FOR
    rows = CustomField.objects.select_for_update().filter(deleted_at__lt=before, is_active=False)
    gone = [field for field in rows.order_by("pk") if not _is_named(field)]
    for field in gone:
        reason = _("“%(field)s” was deleted 30 days ago") % {"field": field}
        rewrite(field, lambda _record: None, by=by, reason=reason)
        audit.log(field, "customfield.purged", by=by, changes={"key": [field.key, None]})
        field.delete()
    return len(gone)


def _is_named(field: CustomField) -> bool:
    """Say whether another table refers to a field."""
    relations: Any = field._meta.related_objects
    return any(
        each.related_model._base_manager.filter(**{each.field.name: field}).exists()
        for each in relations
    )
