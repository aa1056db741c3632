"""Let managers share views with everyone, and look after those of their team."""

from django.db import migrations

SCOPES = {"Sales manager": "team", "Administrator": "all"}
VERBS = ("share", "change", "delete")


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name__in=SCOPES):
        for verb in VERBS:
            Grant.objects.get_or_create(
                role=role,
                permission=f"workbench.{verb}_savedview",
                defaults={"scope": SCOPES[role.name]},
            )
    for role in Role.objects.filter(name="Administrator"):
        Grant.objects.get_or_create(
            role=role, permission="workbench.view_savedview", defaults={"scope": "all"}
        )


class Migration(migrations.Migration):
    dependencies = [("workbench", "0004_saved_views"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
