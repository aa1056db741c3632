"""Put the search texts between blanks, and read long notes further than their first lines."""

from django.db import migrations, transaction
from django.db.models.functions import Length

# Arithmetic without a database; what it makes of a text may only change with another filling.
from records.keys import search_text

TABLES = ("accounts_account", "accounts_contact", "leads_lead", "opportunities_opportunity", "activities_activity")
BATCH = 2000
READ_BEFORE, READ_NOW = 500, 4000


def put_between_blanks(apps, schema_editor):
    for table in TABLES:
        schema_editor.execute(
            f"UPDATE {table} SET search = ' ' || search || ' '"  # noqa: S608 (our own names)
            " WHERE search <> '' AND search NOT LIKE ' %'",
            params=None,
        )


def read_on(apps, schema_editor):
    activities = apps.get_model("activities", "Activity")._base_manager
    rows = activities.annotate(length=Length("text")).filter(length__gt=READ_BEFORE).order_by("pk")
    after = 0
    while batch := list(rows.filter(pk__gt=after).only("subject", "text")[:BATCH]):
        with transaction.atomic():
            for row in batch:
                text = search_text(row.subject, row.text, length=READ_NOW)
                activities.filter(pk=row.pk).update(search=text)
        after = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("reports", "0001_recent_records"),
        ("accounts", "0001_initial"),
        ("activities", "0001_initial"),
        ("leads", "0001_initial"),
        ("opportunities", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(put_between_blanks, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(read_on, migrations.RunPython.noop, elidable=True),
    ]
