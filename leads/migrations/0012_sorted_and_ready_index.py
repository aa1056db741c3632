"""Index leads in the orders that lists and the start page read them in; count ready ones quickly."""

from django.conf import settings
from django.db import migrations, models


def add_order_by_value(apps, schema_editor):
    """Serve the largest first, those without a value last: an order that only PostgreSQL indexes."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX IF NOT EXISTS lead_value_idx ON leads_lead"
            " (base_value DESC NULLS LAST, id DESC) WHERE deleted_at IS NULL"
        )


def drop_order_by_value(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS lead_value_idx")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("leads", "0011_report_index"),
        ("opportunities", "0002_defaults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="lead",
            name="lead_ready_idx",
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at", None), ("ready_since__isnull", False), ("status", "open")
                ),
                fields=["ready_since", "owner", "base_value"],
                name="lead_ready_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("disqualified_at__isnull", False)),
                fields=["disqualified_at"],
                name="lead_disqualified_at_idx",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("deleted_at", None)),
                fields=["owner", "status", "next_step_at"],
                name="lead_next_step_idx",
            ),
        ),
        migrations.RunPython(add_order_by_value, drop_order_by_value),
    ]
