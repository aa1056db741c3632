"""Keep what figures read of opportunities, for every stretch of time in which it was so."""
import datetime
import django.core.validators
import django.db.models.deletion
import records.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0009_what_columns_are_called'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PipelineState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField(verbose_name='from')),
                ('until_at', models.DateTimeField(default=datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.UTC), verbose_name='until')),
                ('standing', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost'), ('binned', 'In the recycle bin')], max_length=6, verbose_name='standing')),
                ('base_value', records.models.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='base value')),
                ('probability', models.PositiveSmallIntegerField(verbose_name='probability, %')),
                ('forecast_category', models.CharField(choices=[('pipeline', 'Pipeline'), ('best_case', 'Best case'), ('commit', 'Commit'), ('omitted', 'Omitted')], max_length=9, verbose_name='forecast category')),
                ('standing_before', models.CharField(blank=True, choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost'), ('binned', 'In the recycle bin')], max_length=6)),
                ('value_before', records.models.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))])),
                ('opportunity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='states', to='opportunities.opportunity', verbose_name='opportunity')),
                ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('owner_before', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stage', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.stage', verbose_name='stage')),
                ('stage_before', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.stage')),
            ],
            options={
                'verbose_name': 'pipeline state',
                'verbose_name_plural': 'pipeline states',
                'default_permissions': (),
                'indexes': [models.Index(fields=['from_at', 'until_at', 'standing', 'standing_before', 'stage', 'stage_before', 'owner', 'owner_before', 'base_value', 'value_before', 'probability', 'opportunity'], name='pipeline_from_idx'), models.Index(condition=models.Q(('standing', 'open')), fields=['until_at', 'from_at', 'stage', 'owner', 'base_value', 'probability', 'opportunity'], name='pipeline_until_idx')],
                'constraints': [models.UniqueConstraint(fields=('opportunity', 'until_at'), name='opportunities_states_end_one_by_one'), models.CheckConstraint(condition=models.Q(('until_at__gt', models.F('from_at'))), name='opportunities_a_state_lasts_some_time')],
            },
        ),
    ]
