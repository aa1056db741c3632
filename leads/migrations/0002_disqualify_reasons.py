"""Give a new installation reasons to give up a lead for."""

from django.db import migrations

REASONS = [
    ("no-budget", "No budget", False),
    ("no-authority", "No authority", False),
    ("no-need", "No need", False),
    ("wrong-timing", "Wrong timing", False),
    ("lost", "Lost", False),
    ("cannot-contact", "Cannot contact", False),
    ("no-longer-interested", "No longer interested", False),
    ("canceled", "Cancelled", False),
    ("duplicate", "Duplicate", False),
    ("other", "Other", True),
]


def add_reasons(apps, schema_editor):
    DisqualifyReason = apps.get_model("leads", "DisqualifyReason")
    if DisqualifyReason.objects.exists():
        return
    DisqualifyReason.objects.bulk_create(
        DisqualifyReason(key=key, name=name, needs_comment=needs_comment, position=order)
        for order, (key, name, needs_comment) in enumerate(REASONS, 1)
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunPython(add_reasons, migrations.RunPython.noop, elidable=True)]
