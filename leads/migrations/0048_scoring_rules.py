"""Let managers say what makes a lead promising, and keep with each lead what it comes to."""

import django.core.validators
from django.conf import settings
from django.db import migrations, models


DOWN = "lead_score_down_idx"


def add_order_down(apps, schema_editor):
    """Go down the column, rows without a value last: an order that only PostgreSQL indexes."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {DOWN} ON leads_lead (score DESC NULLS LAST, id DESC,"
            " status, owner_id, ready_since) WHERE deleted_at IS NULL"
        )


def drop_order_down(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {DOWN}")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_sorted_lists'),
        ('leads', '0047_points_of_rules'),
        ('opportunities', '0015_a_step_asks_for_an_activity'),
        ('records', '0016_form_conditions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreScale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lowest', models.SmallIntegerField(default=0, validators=[django.core.validators.MinValueValidator(-1000), django.core.validators.MaxValueValidator(1000)], verbose_name='never less than')),
                ('highest', models.SmallIntegerField(default=100, validators=[django.core.validators.MinValueValidator(-1000), django.core.validators.MaxValueValidator(1000)], verbose_name='never more than')),
                ('warm_from', models.SmallIntegerField(default=30, verbose_name='warm from')),
                ('hot_from', models.SmallIntegerField(default=60, verbose_name='hot from')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'scale of scores',
                'verbose_name_plural': 'scale of scores',
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.CreateModel(
            name='ScoringRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('condition', models.JSONField(default=dict, verbose_name='condition')),
                ('points', models.SmallIntegerField(validators=[django.core.validators.MinValueValidator(-1000), django.core.validators.MaxValueValidator(1000)], verbose_name='points')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'scoring rule',
                'verbose_name_plural': 'scoring rules',
            },
        ),
        migrations.AddField(
            model_name='historicallead',
            name='score_parts',
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name='lead',
            name='score_parts',
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AlterField(
            model_name='historicallead',
            name='score',
            field=models.SmallIntegerField(editable=False, null=True, verbose_name='score'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='score',
            field=models.SmallIntegerField(editable=False, null=True, verbose_name='score'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['score', 'id', 'status', 'owner', 'ready_since'], name='lead_by_score_idx'),
        ),
        migrations.AddConstraint(
            model_name='scorescale',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='leads_there_is_one_scale_of_scores'),
        ),
        migrations.AddConstraint(
            model_name='scorescale',
            constraint=models.CheckConstraint(condition=models.Q(('lowest__lt', models.F('highest')), ('warm_from__lt', models.F('hot_from'))), name='leads_a_scale_of_scores_goes_up', violation_error_message='Give the lower of two numbers first.'),
        ),
        migrations.AddConstraint(
            model_name='scoringrule',
            constraint=models.CheckConstraint(condition=models.Q(('points', 0), _negated=True), name='leads_a_scoring_rule_gives_or_takes_points', violation_error_message='Choose points other than 0.'),
        ),
        migrations.RunPython(add_order_down, drop_order_down),
    ]
