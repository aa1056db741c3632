"""Give a new installation three roles to start from."""

from django.db import migrations

RECORDS = {
    "leads": ["lead"],
    "accounts": ["account", "contact"],
    "opportunities": ["opportunity"],
    "activities": ["activity"],
}
REP = {"view": "team", "add": "own", "change": "own", "delete": "own", "assign": "own"}
MANAGER = {"view": "team", "add": "team", "change": "team", "delete": "team", "assign": "team"}
LEAD_VERBS = ["qualify", "disqualify", "undo"]


def grants_of(verbs, own):
    """Return permission → scope for every kind of record."""
    grants = {
        f"{app}.{verb}_{kind}": scope
        for app, kinds in RECORDS.items()
        for kind in kinds
        for verb, scope in verbs.items()
    }
    grants |= {f"leads.{verb}_lead": own for verb in LEAD_VERBS}
    grants["opportunities.close_opportunity"] = own
    return grants


def add_roles(apps, schema_editor):
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    if Role.objects.exists():
        return
    rep = grants_of(REP, "own")
    # Colleagues work with the same companies and people.
    rep["accounts.change_account"] = rep["accounts.change_contact"] = "team"
    manager = grants_of(MANAGER, "team") | {"leads.override_lead": "team"}
    administrator = dict.fromkeys(manager, "all")
    for name, description, grants in (
        ("Sales rep", "Works own leads and opportunities, sees the team's.", rep),
        ("Sales manager", "Works with everything the team owns.", manager),
        ("Administrator", "Works with everything.", administrator),
    ):
        role = Role.objects.create(name=name, description=description)
        Grant.objects.bulk_create(
            Grant(role=role, permission=permission, scope=scope)
            for permission, scope in grants.items()
        )


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop, elidable=True)]
