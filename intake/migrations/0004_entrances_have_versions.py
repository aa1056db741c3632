"""Count the changes of doors and web forms, so that nobody overwrites what another has written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_doors_may_update")]

    operations = [
        migrations.AddField(
            model_name="door",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="webform",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
