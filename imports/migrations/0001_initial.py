"""Files of records, and what became of each of their rows."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workbench', '0006_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Leads'), ('account', 'Accounts'), ('contact', 'Contacts'), ('opportunity', 'Opportunities'), ('product', 'Products'), ('campaign', 'Campaigns')], max_length=11, verbose_name='kind')),
                ('name', models.CharField(max_length=150, verbose_name='file')),
                ('key', models.CharField(blank=True, editable=False, max_length=100)),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='size')),
                ('sha256', models.CharField(editable=False, max_length=64)),
                ('encoding', models.CharField(blank=True, max_length=20, verbose_name='encoding')),
                ('delimiter', models.CharField(blank=True, max_length=1, verbose_name='delimiter')),
                ('header', models.PositiveIntegerField(blank=True, null=True, verbose_name='line of the headers')),
                ('headers', models.JSONField(default=list, editable=False)),
                ('total', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('mapping', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('checking', 'Being checked'), ('checked', 'Checked'), ('running', 'Being imported'), ('done', 'Imported'), ('reverting', 'Being undone'), ('reverted', 'Undone'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='draft', max_length=9, verbose_name='state')),
                ('checked_as', models.CharField(blank=True, editable=False, max_length=64)),
                ('counts', models.JSONField(default=dict, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='imported at')),
                ('reverted_at', models.DateTimeField(editable=False, null=True, verbose_name='undone at')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('job', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='workbench.job')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to=settings.AUTH_USER_MODEL, verbose_name='imported by')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'default_permissions': ('add',),
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField(verbose_name='line')),
                ('verdict', models.CharField(choices=[('new', 'New'), ('updated', 'Updated'), ('unchanged', 'Unchanged'), ('duplicate', 'Duplicate'), ('rejected', 'Rejected')], max_length=9, verbose_name='verdict')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('external_id', models.CharField(blank=True, max_length=120, verbose_name='external id')),
                ('record_id', models.BigIntegerField(null=True)),
                ('of', models.BigIntegerField(null=True)),
                ('errors', models.JSONField(default=dict)),
                ('warnings', models.JSONField(default=dict)),
                ('reasons', models.JSONField(default=list)),
                ('waits', models.BooleanField(default=False)),
                ('undo', models.JSONField(default=dict)),
                ('is_reverted', models.BooleanField(null=True)),
                ('kept_because', models.CharField(blank=True, max_length=300)),
                ('within', models.ForeignKey(db_column='import_id', on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='imports.import')),
            ],
            options={
                'verbose_name': 'row of an import',
                'verbose_name_plural': 'rows of imports',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(fields=['owner', '-created_at', '-id'], name='import_owner_idx'),
        ),
        migrations.AddIndex(
            model_name='import',
            index=models.Index(fields=['owner', 'kind', 'sha256'], name='import_same_file_idx'),
        ),
        migrations.AddIndex(
            model_name='importrow',
            index=models.Index(fields=['within', 'verdict', 'line'], name='import_row_verdict_idx'),
        ),
        migrations.AddIndex(
            model_name='importrow',
            index=models.Index(condition=models.Q(('external_id', ''), _negated=True), fields=['within', 'external_id'], name='import_row_external_idx'),
        ),
        migrations.AddConstraint(
            model_name='importrow',
            constraint=models.UniqueConstraint(fields=('within', 'line'), name='imports_a_line_has_one_verdict'),
        ),
    ]
