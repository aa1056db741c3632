"""Let a receipt tell what a reused record kept although the lead said otherwise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0025_automation_may_qualify")]
    operations = [
        migrations.AddField("qualification", "kept", models.JSONField(default=dict)),
    ]
