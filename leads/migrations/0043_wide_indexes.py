"""Index what any filter asks beside the usual order of the list, and drop what that replaces."""

from django.conf import settings
from django.db import migrations, models

BLANKS = "".join(character for character in map(chr, range(0x3001)) if character.isspace())


def add_texts(apps, schema_editor):
    """Index texts as conditions compare them: parts of a company, and a city. SQLite, which sees
    no values when it plans, would not use them.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    blanks = schema_editor.quote_value(BLANKS)
    city, company = (f'LOWER(BTRIM({name}, {blanks}) COLLATE "C")' for name in ("city", "company"))
    schema_editor.execute(f"CREATE INDEX lead_city_idx ON leads_lead (({city}))")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
    schema_editor.execute(
        f"CREATE INDEX lead_company_parts_idx ON leads_lead USING gin (({company}) gin_trgm_ops)"
    )


def drop_texts(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("lead_city_idx", "lead_company_parts_idx"):
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('leads', '0042_sorted_lists'),
        ('opportunities', '0009_what_columns_are_called'),
        ('records', '0013_an_email_comes_in'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_created_idx',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_status_idx',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_owner_idx',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_report_idx',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_by_age_idx',
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='company_key',
            field=models.CharField(editable=False, max_length=200),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='email_key',
            field=models.CharField(editable=False, max_length=320),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='phone_key',
            field=models.CharField(editable=False, max_length=40),
        ),
        migrations.AlterField(
            model_name='lead',
            name='company_key',
            field=models.CharField(editable=False, max_length=200),
        ),
        migrations.AlterField(
            model_name='lead',
            name='email_key',
            field=models.CharField(editable=False, max_length=320),
        ),
        migrations.AlterField(
            model_name='lead',
            name='phone_key',
            field=models.CharField(editable=False, max_length=40),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['email_key'], name='lead_email_key_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['company_key'], name='lead_company_key_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['phone_key'], name='lead_phone_key_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['domain'], name='lead_domain_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['region'], name='lead_region_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['owner', 'status', '-created_at', '-id', 'progress', 'next_step_at', 'next_step', 'deleted_at'], name='lead_owner_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['deleted_at', 'status', 'created_at', 'progress', 'owner', 'source', 'base_value', 'qualified_at', 'disqualified_at', 'ready_since', 'rating', 'campaign', 'country', 'next_step_at', 'currency', 'estimated_value', 'region', 'next_step', 'contacted_at', 'touched_at', 'do_not_contact', 'disqualify_reason'], name='lead_report_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['-created_at', '-id', 'status', 'owner', 'ready_since', 'source', 'campaign', 'rating', 'progress', 'country', 'region', 'next_step', 'next_step_at', 'qualified_at', 'disqualified_at', 'disqualify_reason'], name='lead_by_age_idx'),
        ),
        migrations.RunPython(add_texts, drop_texts),
    ]
