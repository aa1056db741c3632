"""Let rules know who is there, who has room, and what nobody has touched."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0049_scoring_for_managers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='assignmentrule',
            name='hours_untouched',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='hours until an untouched lead goes on'),
        ),
        migrations.AddField(
            model_name='assignmentrule',
            name='most_a_day',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='leads a day for each, at most'),
        ),
        migrations.AddField(
            model_name='assignmentrule',
            name='most_open',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='open leads of each, at most'),
        ),
        migrations.AddField(
            model_name='assignmentrule',
            name='way',
            field=models.CharField(choices=[('turn', 'In turn'), ('least', 'Who has the fewest open leads')], default='turn', max_length=5, verbose_name='in a team'),
        ),
        migrations.AddField(
            model_name='assignmentrule',
            name='weights',
            field=models.JSONField(blank=True, default=dict, editable=False, verbose_name='weights'),
        ),
        migrations.AddField(
            model_name='assignmentturn',
            name='credits',
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name='Availability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('away_from', models.DateField(blank=True, null=True, verbose_name='away from')),
                ('away_until', models.DateField(blank=True, null=True, verbose_name='away until')),
                ('works_from', models.TimeField(blank=True, null=True, verbose_name='works from')),
                ('works_until', models.TimeField(blank=True, null=True, verbose_name='works until')),
                ('works_on', models.JSONField(blank=True, default=list, verbose_name='works on')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='availability', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'availability',
                'verbose_name_plural': 'availabilities',
                'default_permissions': ('view', 'change'),
                'constraints': [models.CheckConstraint(condition=models.Q(('away_from', None), ('away_until', None), ('away_from__lte', models.F('away_until')), _connector='OR'), name='leads_somebody_comes_back_after_going_away', violation_error_message='The last day away is before the first.'), models.CheckConstraint(condition=models.Q(models.Q(('works_from', None), ('works_until', None)), models.Q(('works_from__isnull', False), ('works_from__lt', models.F('works_until')), ('works_until__isnull', False)), _connector='OR'), name='leads_work_begins_before_it_ends', violation_error_message='Say when work begins and, later, when it ends.')],
            },
        ),
    ]
