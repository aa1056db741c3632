"""Let the line of a job keep what is needed to take it back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workbench", "0002_jobs_of_the_team")]
    operations = [
        migrations.AddField("jobline", "undo", models.JSONField(blank=True, default=dict)),
    ]
