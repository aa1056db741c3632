"""Keep the rules for qualifying in versions, of which one is active."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0021_assignment_for_managers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='QualificationRuleSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('retired', 'Retired')], default='draft', max_length=7, verbose_name='state')),
                ('rules', models.JSONField(default=list, verbose_name='rules')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('is_automatic', models.BooleanField(default=False, verbose_name='qualifies without a hand')),
                ('hourly_limit', models.PositiveIntegerField(default=50, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)], verbose_name='at most so many an hour')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                ('activated_at', models.DateTimeField(null=True, verbose_name='activated')),
                ('activated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='activated by')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
            ],
            options={
                'verbose_name': 'version of the qualification rules',
                'verbose_name_plural': 'qualification rules',
                'default_permissions': ('view', 'change'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('state',), name='leads_one_version_of_the_rules_is_active'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('state',), name='leads_one_version_of_the_rules_is_a_draft')],
            },
        ),
    ]
