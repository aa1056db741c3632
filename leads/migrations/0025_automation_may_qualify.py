"""Let the machine qualify leads where it was made before it could."""

from django.db import migrations

ROLE = "Automation"
GRANTS = [
    "leads.qualify_lead",
    "accounts.view_account",
    "accounts.add_account",
    "accounts.change_account",
    "accounts.view_contact",
    "accounts.add_contact",
    "accounts.change_contact",
    "opportunities.view_opportunity",
    "opportunities.add_opportunity",
]


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name=ROLE):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0024_automation"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
