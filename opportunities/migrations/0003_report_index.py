"""Keep what figures read of opportunities together, and those of an owner by their close."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("opportunities", "0002_defaults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["owner", "status", "estimated_close_date"],
                name="opp_closing_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="opportunity",
            index=models.Index(
                fields=[
                    "deleted_at",
                    "status",
                    "closed_on",
                    "owner",
                    "stage",
                    "base_value",
                    "probability",
                ],
                name="opp_report_idx",
            ),
        ),
    ]
