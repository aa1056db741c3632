"""Find what came into its stage on a day without passing over all that is open."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0019_sorted_lists"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                fields=["stage_entered_at", "owner", "stage", "base_value", "source"],
                condition=Q(status="open", deleted_at=None),
                name="opp_entered_idx",
            ),
        ),
    ]
