"""Let people say of what they want to be told, and how."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0002_default_roles")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="notices",
            field=models.JSONField(blank=True, default=dict, verbose_name="notices"),
        ),
        migrations.AddField(
            model_name="user",
            name="digest_hour",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="hour of the digest"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="digested_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
    ]
