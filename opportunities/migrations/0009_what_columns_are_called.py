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
        ('opportunities', '0008_tags'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='historicalopportunity',
            name='base_value',
            field=records.models.MoneyField(blank=True, decimal_places=2, editable=False, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='changed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='close_comment',
            field=models.TextField(blank=True, editable=False, max_length=10000, verbose_name='close comment'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='created_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='deleted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='loss_reason',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='opportunities.lossreason', verbose_name='loss reason'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='lost_to',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='opportunities.competitor', verbose_name='lost to'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='stage_entered_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='stage entered at'),
        ),
        migrations.AlterField(
            model_name='historicalopportunity',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='line',
            name='opportunity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='opportunities.opportunity', verbose_name='opportunity'),
        ),
        migrations.AlterField(
            model_name='line',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='position'),
        ),
        migrations.AlterField(
            model_name='line',
            name='product',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.product', verbose_name='product'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='base_value',
            field=records.models.MoneyField(blank=True, decimal_places=2, editable=False, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='changed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='close_comment',
            field=models.TextField(blank=True, editable=False, max_length=10000, verbose_name='close comment'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='competitors',
            field=models.ManyToManyField(blank=True, related_name='opportunities', to='opportunities.competitor', verbose_name='competitors'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='loss_reason',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.lossreason', verbose_name='loss reason'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='lost_to',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.competitor', verbose_name='lost to'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='sales_team',
            field=models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='sales team'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='stage_entered_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='stage entered at'),
        ),
        migrations.AlterField(
            model_name='opportunity',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='stage',
            name='process',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='opportunities.process', verbose_name='process'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='base_value',
            field=records.models.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='comment',
            field=models.TextField(blank=True, verbose_name='comment'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='from_stage',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.stage', verbose_name='from stage'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='kind',
            field=models.CharField(choices=[('opened', 'Opened'), ('moved', 'Moved'), ('won', 'Won'), ('lost', 'Lost'), ('reopened', 'Reopened')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='loss_reason',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.lossreason', verbose_name='loss reason'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='opportunity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='opportunities.opportunity', verbose_name='opportunity'),
        ),
        migrations.AlterField(
            model_name='stagemove',
            name='to_stage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.stage', verbose_name='to stage'),
        ),
        migrations.AlterField(
            model_name='stakeholder',
            name='contact',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.contact', verbose_name='contact'),
        ),
        migrations.AlterField(
            model_name='stakeholder',
            name='opportunity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stakeholders', to='opportunities.opportunity', verbose_name='opportunity'),
        ),
        migrations.AlterField(
            model_name='step',
            name='stage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='opportunities.stage', verbose_name='stage'),
        ),
        migrations.AlterField(
            model_name='steptick',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='steptick',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='steptick',
            name='opportunity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ticks', to='opportunities.opportunity', verbose_name='opportunity'),
        ),
        migrations.AlterField(
            model_name='steptick',
            name='step',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='opportunities.step', verbose_name='step'),
        ),
    ]
