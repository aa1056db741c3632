"""Begin with limits for leads, and let administrators change them."""

from django.db import migrations

GRANTS = ["leads.view_leadlimits", "leads.change_leadlimits"]


def add_limits(apps, schema_editor):
    LeadLimits = apps.get_model("leads", "LeadLimits")
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    LeadLimits.objects.get_or_create(pk=1)
    for role in Role.objects.filter(name="Administrator"):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):

    dependencies = [("leads", "0039_limits_of_leads"), ("users", "0002_default_roles")]

    operations = [migrations.RunPython(add_limits, migrations.RunPython.noop, elidable=True)]
