"""Let custom fields be called otherwise in other languages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0019_retention_for_administrators")]

    operations = [
        migrations.AddField(
            model_name="customfield",
            name="translations",
            field=models.JSONField(blank=True, default=dict, verbose_name="translations"),
        ),
    ]
