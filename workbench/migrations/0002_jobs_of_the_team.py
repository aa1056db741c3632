"""Let sales managers look after the jobs of their team, and administrators after all."""

from django.db import migrations

GRANTS = ["workbench.view_job", "workbench.change_job"]
SCOPES = {"Sales manager": "team", "Administrator": "all"}


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name__in=SCOPES):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": SCOPES[role.name]}
            )


class Migration(migrations.Migration):
    dependencies = [("workbench", "0001_jobs"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
