"""Count the changes of an assignment rule, so that nobody overwrites what another has written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0026_qualification_says_what_was_kept")]

    operations = [
        migrations.AddField(
            model_name="assignmentrule",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
