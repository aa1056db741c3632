"""Count the changes of reasons and mappings, so that nobody overwrites what another has written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0032_find_what_waits_for_a_decision")]

    operations = [
        migrations.AddField(
            model_name="disqualifyreason",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="fieldmapping",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
