"""Index opportunities in every order of their list, with what its views ask."""

from django.conf import settings
from django.db import migrations, models


DOWN = {
    "opp_value_down_idx": "base_value",
    "opp_close_down_idx": "estimated_close_date",
    "opp_step_down_idx": "next_step_at",
}
BEHIND = ("status", "owner_id", "closed_on", "estimated_close_date")


def add_orders_down(apps, schema_editor):
    """Go down a column, rows without a value last: an order that only PostgreSQL indexes."""
    if schema_editor.connection.vendor == "postgresql":
        for name, column in DOWN.items():
            behind = ", ".join(each for each in BEHIND if each != column)
            schema_editor.execute(
                f"CREATE INDEX {name} ON opportunities_opportunity ({column} DESC NULLS LAST,"
                f" id DESC, {behind}) WHERE deleted_at IS NULL"
            )


def drop_orders_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in DOWN:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_sorted_lists'),
        ('opportunities', '0018_stays_of_the_past'),
        ('records', '0020_fields_speak_languages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['topic', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_topic_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['account', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_account_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['stage', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_stage_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['base_value', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_value_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['probability', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_probability_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['estimated_close_date', 'id', 'status', 'owner', 'closed_on'], name='opp_by_close_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['next_step_at', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_next_step_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['stage_entered_at', 'id', 'status', 'owner', 'closed_on', 'estimated_close_date'], name='opp_by_days_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'id', 'status', 'closed_on', 'estimated_close_date'], name='opp_by_owner_idx'),
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['-created_at', '-id', 'status', 'owner', 'closed_on', 'estimated_close_date', 'stage', 'stage_entered_at', 'source', 'account', 'is_on_hold', 'forecast_category', 'next_step', 'next_step_at'], name='opp_by_age_idx'),
        ),
        migrations.RunPython(add_orders_down, drop_orders_down),
        # From here on nobody may read the table either, until the end: so this comes last.
        migrations.RemoveIndex(
            model_name='opportunity',
            name='opp_created_idx',
        ),
        migrations.RemoveIndex(
            model_name='opportunity',
            name='opp_report_idx',
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(fields=['deleted_at', 'status', 'closed_on', 'owner', 'stage', 'base_value', 'probability', 'is_on_hold', 'estimated_close_date', 'next_step_at', 'currency', 'value', 'next_step', 'forecast_category', 'source', 'account', 'stage_entered_at'], name='opp_report_idx'),
        ),
    ]
