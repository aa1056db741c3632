"""Write down what opportunities were until now: the history has every version of them."""

from itertools import groupby

from django.db import migrations

BATCH = 2000
KEPT = ("stage_id", "owner_id", "base_value", "probability", "forecast_category")
READ = ("id", "created_at", "changed_at", "status", "deleted_at", *KEPT)


def standing_of(line):
    return "binned" if line["deleted_at"] else line["status"]


def states_of(lines, make, stages, owners):
    """Return the states that these versions of one opportunity were, the earliest first."""
    states = []
    for place, line in enumerate(lines):
        at = line["changed_at"] if place else line["created_at"]
        if line["stage_id"] not in stages:  # it is gone for good, and nobody knows what it was
            line["stage_id"] = lines[-1]["stage_id"]
        if line["owner_id"] not in owners:
            line["owner_id"] = None
        values = {name: line[name] for name in KEPT} | {"standing": standing_of(line)}
        last = states[-1] if states else None
        if last is not None and all(getattr(last, name) == values[name] for name in values):
            continue
        if last is not None and at <= last.from_at:
            for name, value in values.items():
                setattr(last, name, value)
            continue
        state = make(opportunity_id=line["id"], from_at=at, **values)
        if last is not None:
            last.until_at = at
            state.standing_before = last.standing
            state.stage_before_id = last.stage_id
            state.owner_before_id = last.owner_id
            state.value_before = last.base_value
        states.append(state)
    return states


def write_states(apps, schema_editor):
    Opportunity = apps.get_model("opportunities", "Opportunity")
    History = apps.get_model("opportunities", "HistoricalOpportunity")
    State = apps.get_model("opportunities", "PipelineState")
    stages = set(apps.get_model("opportunities", "Stage").objects.values_list("pk", flat=True))
    owners = {None, *apps.get_model("users", "User").objects.values_list("pk", flat=True)}
    last = 0
    while True:
        found = Opportunity._base_manager.filter(pk__gt=last).order_by("pk")[:BATCH]
        rows = {row["id"]: row for row in found.values(*READ)}
        if not rows:
            return
        first, last = min(rows), max(rows)
        past = History.objects.filter(id__gte=first, id__lte=last).exclude(history_type="-")
        past = past.order_by("id", "history_date", "history_id").values(*READ)
        lines = {pk: list(versions) for pk, versions in groupby(past, key=lambda one: one["id"])}
        State.objects.bulk_create(
            state
            for pk, row in rows.items()
            for state in states_of([*lines.get(pk, ()), row], State, stages, owners)
        )


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0010_pipeline_states"), ("users", "0001_initial")]
    operations = [migrations.RunPython(write_states, migrations.RunPython.noop, elidable=True)]
