"""Another type for a custom field of many records: all values are looked at, then all go along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from records.models import CustomField
from records.operations import row_of
from records.operations.retyping import chunks_with, gone_along, of_type, retype_field
from workbench.jobs import End, Job, Kind, Step, start

if TYPE_CHECKING:
    from users.models import User

MOST_AT_ONCE = 1000  # values that change while somebody waits


def retype_later(field: CustomField, new: CustomField, *, count: int, by: User) -> Job:
    """Have a field of so many values get another type after the answer."""
    return start(
        retype,
        by=by,
        title=_("Change the type of %(field)s") % {"field": field},
        total=count,
        key=f"retype:{field.pk}",
        field=field.pk,
        version=field.version,
        type=new.type,
        choices=[choice["label"] for choice in new.choices],
    )


@Kind
def retype(job: Job) -> Step | End:
    """Look at the next values; when all of them fit, change the type and every value in one go.

    A value that does not go along ends the job with a sentence, and nothing has changed.
    """
    told = job.arguments
    field = row_of(CustomField(pk=told["field"]), CustomField.objects.all())
    field.version = told["version"]
    new = of_type(field, told["type"], told["choices"])
    chunk = next(chunks_with(field, after=job.cursor.get("after", 0)), None)
    if chunk is not None:
        for record in chunk:
            gone_along(field, new, record)
        return Step({"after": chunk[-1].pk}, done=len(chunk))
    retype_field(field, new, by=job.owner)
    words = {"field": new, "type": str(new.get_type_display()).lower()}
    return End(_("%(field)s is a %(type)s now. Every value went along.") % words)
