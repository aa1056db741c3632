"""Index leads in every order of their list, with what the list is mostly narrowed by."""

from django.conf import settings
from django.db import migrations, models

DOWN = {
    "lead_value_idx": "base_value",
    "lead_step_down_idx": "next_step_at",
    "lead_touch_down_idx": "touched_at",
}


def add_orders_down(apps, schema_editor):
    """Go down a column, rows without a value last: an order that only PostgreSQL indexes."""
    if schema_editor.connection.vendor == "postgresql":
        for name, column in DOWN.items():
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
            schema_editor.execute(
                f"CREATE INDEX {name} ON leads_lead ({column} DESC NULLS LAST, id DESC, status,"
                " owner_id, ready_since) WHERE deleted_at IS NULL"
            )


def drop_orders_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in DOWN:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
        schema_editor.execute(
            "CREATE INDEX lead_value_idx ON leads_lead"
            " (base_value DESC NULLS LAST, id DESC) WHERE deleted_at IS NULL"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('leads', '0041_what_columns_are_called'),
        ('opportunities', '0009_what_columns_are_called'),
        ('records', '0012_what_columns_are_called'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['last_name', 'first_name', 'id', 'status', 'owner', 'ready_since'], name='lead_by_name_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['company', 'id', 'status', 'owner', 'ready_since'], name='lead_by_company_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['bant_known', 'id', 'status', 'owner', 'ready_since'], name='lead_by_bant_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['status', 'progress', 'id', 'owner', 'ready_since'], name='lead_by_progress_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['base_value', 'id', 'status', 'owner', 'ready_since'], name='lead_by_value_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['next_step_at', 'id', 'status', 'owner', 'ready_since'], name='lead_by_next_step_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['touched_at', 'id', 'status', 'owner', 'ready_since'], name='lead_by_touch_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['-created_at', '-id', 'status', 'owner', 'ready_since'], name='lead_by_age_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['do_not_automate', 'id', 'status', 'owner', 'ready_since'], name='lead_by_automation_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'id', 'status', 'ready_since'], name='lead_by_owner_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['source', 'id', 'status', 'owner', 'ready_since'], name='lead_by_source_idx'),
        ),
        migrations.RunPython(add_orders_down, drop_orders_down),
    ]
