"""Begin with the rules that leads had before managers could write their own, and let them."""

from django.db import migrations

# Key, what is asked, whether it is required, how it is said when it holds and when it does not.
RULES = [
    (
        "person_or_company",
        ("named", "yes"),
        True,
        "A person or a company is named",
        "Neither a person nor a company is named",
    ),
    ("reachable", ("reachable", "yes"), True, "Email or phone is valid", "No valid email or phone"),
    ("budget", ("bant.budget", "known"), False, "Budget is known", "Budget is unknown"),
    ("authority", ("bant.authority", "known"), False, "Authority is known", "Authority is unknown"),
    ("need", ("bant.need", "known"), False, "Need is known", "Need is unknown"),
    ("timeframe", ("bant.timeframe", "known"), False, "Timeframe is known", "Timeframe is unknown"),
]
GRANTS = ["leads.view_qualificationruleset", "leads.change_qualificationruleset"]
ROLES = ["Sales manager", "Administrator"]
# How the version was called while it was written in the code.
BEFORE = "default-1"


def add_rules(apps, schema_editor):
    RuleSet = apps.get_model("leads", "QualificationRuleSet")
    Qualification = apps.get_model("leads", "Qualification")
    Role = apps.get_model("users", "Role")
    Grant = apps.get_model("users", "Grant")
    if not RuleSet.objects.exists():
        first = RuleSet(number=1, state="active")
        first.activated_at = first.created_at
        first.rules = [
            {
                "key": key,
                "condition": {"all": [{"field": field, "is": comparison}]},
                "label": label,
                "unmet_label": unmet_label,
                "words": label,
                "is_required": is_required,
                "is_active": True,
            }
            for key, (field, comparison), is_required, label, unmet_label in RULES
        ]
        first.save()
    Qualification.objects.filter(rule_version=BEFORE).update(rule_version="1")
    for role in Role.objects.filter(name__in=ROLES):
        for permission in GRANTS:
            Grant.objects.get_or_create(
                role=role, permission=permission, defaults={"scope": "all"}
            )


class Migration(migrations.Migration):
    dependencies = [("leads", "0022_qualification_rules"), ("users", "0002_default_roles")]
    operations = [migrations.RunPython(add_rules, migrations.RunPython.noop, elidable=True)]
