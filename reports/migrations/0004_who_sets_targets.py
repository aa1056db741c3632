"""Let sales managers set the targets of their team; everybody knows those of the own one."""

from django.db import migrations

GRANTS = {
    "Sales rep": {"view": "team"},
    "Sales manager": {"view": "team", "change": "team"},
    "Administrator": {"view": "all", "change": "all"},
}


def add_grants(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    for role in Role.objects.filter(name__in=GRANTS):
        for verb, scope in GRANTS[role.name].items():
            Grant.objects.get_or_create(
                role=role, permission=f"reports.{verb}_target", defaults={"scope": scope}
            )


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_targets"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_grants, migrations.RunPython.noop, elidable=True)]
