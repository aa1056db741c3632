"""Keep what the figures read of leads together, so that counting never opens the wide rows."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("leads", "0010_search_index"),
        ("opportunities", "0002_defaults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=[
                    "deleted_at",
                    "status",
                    "created_at",
                    "progress",
                    "owner",
                    "source",
                    "base_value",
                    "qualified_at",
                    "disqualified_at",
                    "ready_since",
                ],
                name="lead_report_idx",
            ),
        ),
    ]
