"""Let those take in files who may make records, but for programs."""

from django.db import migrations

MAKES = ["leads.add_lead", "accounts.add_account", "accounts.add_contact", "opportunities.add_opportunity"]
FOR_PROGRAMS = "Intake"


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    makers = Role.objects.filter(grants__permission__in=MAKES).exclude(name=FOR_PROGRAMS)
    for role in makers.distinct():
        Grant.objects.get_or_create(
            role=role, permission="imports.add_import", defaults={"scope": "own"}
        )


class Migration(migrations.Migration):
    dependencies = [("imports", "0001_initial"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
