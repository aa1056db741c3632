"""Let a step ask for an activity."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0014_process_by_condition'),
    ]

    operations = [
        migrations.AddField(
            model_name='step',
            name='activity',
            field=models.CharField(blank=True, choices=[('call', 'A call'), ('meeting', 'A meeting'), ('email', 'An email')], default='', max_length=8, verbose_name='activity to have had'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(('field', ''), ('activity', ''), _connector='OR'), name='opportunities_a_step_asks_for_one_thing', violation_error_message='Choose a field or an activity, not both.'),
        ),
    ]
