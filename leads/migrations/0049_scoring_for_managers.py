"""Begin with a scale of scores, and let sales managers shape the scoring rules."""

from django.db import migrations

GRANTS = [
    *(f"leads.{verb}_scoringrule" for verb in ("view", "add", "change", "delete")),
    "leads.view_scorescale",
    "leads.change_scorescale",
]


def add_scale(apps, schema_editor):
    ScoreScale = apps.get_model("leads", "ScoreScale")
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    ScoreScale.objects.get_or_create(pk=1)
    for role in Role.objects.filter(name__in=["Sales manager", "Administrator"]):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0048_scoring_rules"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_scale, migrations.RunPython.noop, elidable=True)]
