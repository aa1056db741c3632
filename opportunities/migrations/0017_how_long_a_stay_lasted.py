"""Keep with every state that ended a stay in a stage how many days that had lasted."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0016_a_stage_goes_out_of_use"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="pipelinestate",
            name="days_before",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="pipelinestate",
            index=models.Index(
                fields=["from_at", "stage_before", "owner_before", "days_before", "opportunity"],
                condition=Q(days_before__isnull=False),
                name="pipeline_left_idx",
            ),
        ),
    ]
