"""Call columns by names that can be translated."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import records.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('leads', '0040_limits_for_administrators'),
        ('opportunities', '0009_what_columns_are_called'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='assignment',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='leads.lead', verbose_name='lead'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='owner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='reason',
            field=models.CharField(max_length=1000, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='rule',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assignments', to='leads.assignmentrule', verbose_name='rule'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='base_value',
            field=records.models.MoneyField(blank=True, decimal_places=2, editable=False, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='changed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='created_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='cycles',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='cycles'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='deleted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='disqualify_comment',
            field=models.TextField(blank=True, editable=False, max_length=10000, verbose_name='disqualify comment'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='disqualify_reason',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='leads.disqualifyreason', verbose_name='disqualify reason'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='duplicate_of',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='leads.lead', verbose_name='duplicate of'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='base_value',
            field=records.models.MoneyField(blank=True, decimal_places=2, editable=False, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='changed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='cycles',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='cycles'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='disqualify_comment',
            field=models.TextField(blank=True, editable=False, max_length=10000, verbose_name='disqualify comment'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='disqualify_reason',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='leads', to='leads.disqualifyreason', verbose_name='disqualify reason'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='duplicate_of',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='leads.lead', verbose_name='duplicate of'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='after',
            field=models.JSONField(default=dict, verbose_name='after'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='before',
            field=models.JSONField(default=dict, verbose_name='before'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='carried',
            field=models.JSONField(default=list, verbose_name='carried'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='contact',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.contact', verbose_name='contact'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='ended_at',
            field=models.DateTimeField(null=True, verbose_name='ended at'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='frozen',
            field=models.JSONField(default=dict, verbose_name='frozen'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='kept',
            field=models.JSONField(default=dict, verbose_name='kept'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='lead',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='qualifications', to='leads.lead', verbose_name='lead'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='override_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='override reason'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='plan',
            field=models.JSONField(default=dict, verbose_name='plan'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='result',
            field=models.JSONField(default=dict, verbose_name='result'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='rule_version',
            field=models.CharField(max_length=40, verbose_name='rule version'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='seq',
            field=models.PositiveSmallIntegerField(verbose_name='seq'),
        ),
        migrations.AlterField(
            model_name='qualification',
            name='state',
            field=models.CharField(choices=[('active', 'Active'), ('undone', 'Undone'), ('left', 'Reopened, records kept')], default='active', max_length=6, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='qualifiedopportunity',
            name='is_created',
            field=models.BooleanField(default=True, verbose_name='is created'),
        ),
        migrations.AlterField(
            model_name='qualifiedopportunity',
            name='is_primary',
            field=models.BooleanField(default=False, verbose_name='is primary'),
        ),
        migrations.AlterField(
            model_name='qualifiedopportunity',
            name='opportunity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qualification_links', to='opportunities.opportunity', verbose_name='opportunity'),
        ),
        migrations.AlterField(
            model_name='qualifiedopportunity',
            name='qualification',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opportunity_links', to='leads.qualification', verbose_name='qualification'),
        ),
    ]
