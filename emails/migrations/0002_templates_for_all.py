"""Let managers share templates with everyone, and look after those of their team."""

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
                permission=f"emails.{verb}_emailtemplate",
                defaults={"scope": SCOPES[role.name]},
            )
    for role in Role.objects.filter(name="Administrator"):
        for permission in ("emails.view_emailtemplate", "workbench.view_mail", "workbench.change_mail"):
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("emails", "0001_initial"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
