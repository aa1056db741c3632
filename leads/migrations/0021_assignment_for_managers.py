"""Let sales managers shape the assignment rules, and what comes in go out by them."""

from django.db import migrations

GRANTS = [f"leads.{verb}_assignmentrule" for verb in ("view", "add", "change", "delete")]
ROLES = {"Sales manager": GRANTS, "Administrator": GRANTS, "Intake": ["leads.assign_lead"]}


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name__in=ROLES):
        for permission in ROLES[role.name]:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_assignment_rules"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
