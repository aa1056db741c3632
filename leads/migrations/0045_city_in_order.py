"""Put the leads of a city in the usual order of the list, so that any page of them is found by it."""

from importlib import import_module

from django.db import migrations

BLANKS = import_module("leads.migrations.0043_wide_indexes").BLANKS


def put_in_order(apps, schema_editor):
    _index(schema_editor, ", created_at DESC, id DESC")


def leave_out_order(apps, schema_editor):
    _index(schema_editor, "")


def _index(schema_editor, then):
    if schema_editor.connection.vendor != "postgresql":
        return
    blanks = schema_editor.quote_value(BLANKS)
    city = f'LOWER(BTRIM(city, {blanks}) COLLATE "C")'
    schema_editor.execute("DROP INDEX IF EXISTS lead_city_idx")
    schema_editor.execute(f"CREATE INDEX lead_city_idx ON leads_lead (({city}){then})")


class Migration(migrations.Migration):
    dependencies = [("leads", "0044_mapping_to_built_in_fields")]

    operations = [migrations.RunPython(put_in_order, leave_out_order)]
