"""Let sales managers look after what came in and could not be processed."""

from django.db import migrations

GRANTS = ["intake.view_delivery", "intake.change_delivery"]
ROLES = ["Sales manager", "Administrator"]


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name__in=ROLES):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
