"""Count the changes of custom fields and layouts, so that nobody overwrites what another has written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0007_a_pair_has_a_score_without_accounts")]

    operations = [
        migrations.AddField(
            model_name="customfield",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="formlayout",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
