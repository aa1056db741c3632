"""Give a new installation a process, sources and reasons to start from."""

from django.db import migrations

# key, name, probability, usual days, forecast, for leads, steps (key, label, field)
STAGES = [
    (
        "qualify",
        "Qualify",
        10,
        14,
        "pipeline",
        True,
        [
            ("identify-contact", "Identify contact", "contact"),
            ("identify-account", "Identify account", "account"),
            ("purchase-timeframe", "Purchase timeframe", "timeframe"),
            ("estimated-budget", "Estimated budget", "budget_amount"),
            ("purchase-process", "Purchase process", "purchase_process"),
            ("decision-maker", "Identify decision maker", "decision_maker"),
        ],
    ),
    (
        "develop",
        "Develop",
        30,
        21,
        "pipeline",
        False,
        [
            ("customer-need", "Customer need", "customer_need"),
            ("proposed-solution", "Proposed solution", "proposed_solution"),
            ("identify-stakeholders", "Identify stakeholders", ""),
            ("identify-competitors", "Identify competitors", ""),
        ],
    ),
    (
        "propose",
        "Propose",
        60,
        14,
        "best_case",
        False,
        [
            ("identify-sales-team", "Identify sales team", ""),
            ("develop-proposal", "Develop proposal", ""),
            ("internal-review", "Complete internal review", ""),
            ("present-proposal", "Present proposal", ""),
        ],
    ),
    (
        "close",
        "Close",
        80,
        14,
        "commit",
        False,
        [
            ("final-proposal", "Complete final proposal", ""),
            ("present-final-proposal", "Present final proposal", ""),
            ("decision-date", "Confirm decision date", "estimated_close_date"),
            ("thank-you", "Send thank you", ""),
            ("debrief", "File de-brief", ""),
        ],
    ),
]
SOURCES = [
    ("web", "Web"),
    ("referral", "Referral"),
    ("partner", "Partner"),
    ("trade-show", "Trade show"),
    ("campaign", "Campaign"),
    ("advertisement", "Advertisement"),
    ("phone-inquiry", "Phone inquiry"),
    ("cold-call", "Cold call"),
    ("purchased-list", "Purchased list"),
    ("word-of-mouth", "Word of mouth"),
    ("other", "Other"),
]
LOSS_REASONS = [
    ("price", "Price"),
    ("out-sold", "Out-sold by a competitor"),
    ("no-decision", "No decision"),
    ("no-budget", "Budget lost"),
    ("missing-feature", "Something was missing"),
    ("canceled", "Canceled"),
]


def add_defaults(apps, schema_editor):
    Process = apps.get_model("opportunities", "Process")
    Stage = apps.get_model("opportunities", "Stage")
    Step = apps.get_model("opportunities", "Step")
    if Process.objects.exists():
        return
    process = Process.objects.create(key="sales", name="Sales process", is_default=True)
    for place, (key, name, probability, days, forecast, for_leads, steps) in enumerate(STAGES, 1):
        stage = Stage.objects.create(
            process=process,
            key=key,
            name=name,
            position=place,
            probability=probability,
            usual_days=days,
            forecast_category=forecast,
            is_for_leads=for_leads,
        )
        Step.objects.bulk_create(
            Step(stage=stage, key=step, label=label, field=field, position=order)
            for order, (step, label, field) in enumerate(steps, 1)
        )
    for model, rows in (("Source", SOURCES), ("LossReason", LOSS_REASONS)):
        choice = apps.get_model("opportunities", model)
        choice.objects.bulk_create(
            choice(key=key, name=name, position=order) for order, (key, name) in enumerate(rows, 1)
        )


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0001_initial")]
    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop, elidable=True)]
