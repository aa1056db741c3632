"""Say with the states that there are how many days a stay had lasted that they ended."""

from django.db import migrations
from django.db.models import F, OuterRef, Q, Subquery

from records.querysets import WholeDays


def write_days(apps, schema_editor):
    states = apps.get_model("opportunities", "PipelineState")._base_manager
    is_the_same = Q(standing_before="open", stage_before=F("stage"))
    began = (
        states.filter(
            opportunity=OuterRef("opportunity"), from_at__lt=OuterRef("from_at"), standing="open"
        )
        .exclude(is_the_same)
        .order_by("-from_at")
        .annotate(days=WholeDays(OuterRef("from_at"), "from_at"))
    )
    left = Q(standing="open") & ~Q(stage_before=F("stage")) | Q(standing__in=["won", "lost"])
    states.filter(left, standing_before="open").update(days_before=Subquery(began.values("days")[:1]))


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0017_how_long_a_stay_lasted")]
    operations = [migrations.RunPython(write_days, migrations.RunPython.noop, elidable=True)]
