"""Give each form a line in the list of layouts: it stands as built in."""

from django.db import migrations

KINDS = ("lead", "account", "contact", "opportunity")


def add_layouts(apps, schema_editor):
    FormLayout = apps.get_model("records", "FormLayout")
    for kind in KINDS:
        FormLayout.objects.get_or_create(kind=kind)


class Migration(migrations.Migration):
    dependencies = [("records", "0003_custom_fields")]
    operations = [
        migrations.RunPython(add_layouts, migrations.RunPython.noop, elidable=True),
    ]
