"""Keep what the board reads of open opportunities together, in place of their stage alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0005_lists_and_stages_have_versions")]

    operations = [
        migrations.RemoveIndex(model_name="opportunity", name="opp_pipeline_idx"),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("status", "open")),
                fields=["stage", "next_step_at", "owner", "base_value", "probability"],
                name="opp_board_idx",
            ),
        ),
    ]
