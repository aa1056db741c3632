"""Let administrators say how long leads may wait."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0038_indexes_of_the_day'),
    ]

    operations = [
        migrations.CreateModel(
            name='LeadLimits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_response_hours', models.PositiveSmallIntegerField(default=24, help_text='From a lead\'s arrival to the first call, email or meeting of ours.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(8760)], verbose_name='hours until somebody responds')),
                ('quiet_days', models.PositiveSmallIntegerField(default=14, help_text='An open lead with which nobody was in touch for so long is going stale.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='days without a touch')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'limits of leads',
                'verbose_name_plural': 'limits of leads',
                'default_permissions': ('view', 'change'),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='leads_there_is_one_row_of_limits')],
            },
        ),
    ]
