"""Begin with the retention that there was, and let administrators shape it and layouts of roles."""

from django.db import migrations

GRANTS = [
    "records.view_retention",
    "records.change_retention",
    "records.add_formlayout",
    "records.delete_formlayout",
]


def add_retention(apps, schema_editor):
    Retention = apps.get_model("records", "Retention")
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    Retention.objects.get_or_create(pk=1)
    for role in Role.objects.filter(name="Administrator"):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):

    dependencies = [
        ("records", "0018_layouts_of_roles_and_retention"),
        ("users", "0002_default_roles"),
    ]

    operations = [migrations.RunPython(add_retention, migrations.RunPython.noop, elidable=True)]
