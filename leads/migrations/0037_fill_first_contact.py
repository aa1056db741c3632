"""Read from the timelines when the people of each lead first heard from us."""

from django.db import migrations
from django.db.models import OuterRef, Q, Subquery


def fill(apps, schema_editor):
    Lead = apps.get_model("leads", "Lead")
    Activity = apps.get_model("activities", "Activity")
    ActivityLink = apps.get_model("activities", "ActivityLink")
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind = ContentType.objects.filter(app_label="leads", model="lead").first()
    if kind is None:  # a new installation: nobody has any leads yet
        return
    contacts = Activity.objects.filter(
        ~Q(direction="incoming") & Q(kind__in=["call", "email"]) | Q(kind="meeting"),
        status="done",
        deleted_at=None,
    )
    links = ActivityLink.objects.filter(record_type=kind, activity__in=contacts)
    first = contacts.filter(links__record_type=kind, links__record_id=OuterRef("pk"))
    Lead.objects.filter(pk__in=links.values("record_id")).update(
        contacted_at=Subquery(first.order_by("done_at").values("done_at")[:1])
    )


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0036_first_contact"),
        ("activities", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
