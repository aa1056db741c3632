"""Let a process be chosen by a condition."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0013_narrow_indexes_of_figures'),
    ]

    operations = [
        migrations.AddField(
            model_name='process',
            name='condition',
            field=models.JSONField(blank=True, default=dict, help_text='Where several processes are meant, the one with the lowest position is taken. Without a condition a process is chosen by hand.', verbose_name='for opportunities of which this holds'),
        ),
    ]
