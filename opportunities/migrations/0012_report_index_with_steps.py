"""Have the next step in what opportunities are counted from."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_sorted_lists'),
        ('opportunities', '0011_states_of_the_past'),
        ('records', '0013_an_email_comes_in'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='opportunity',
            name='opp_report_idx',
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(fields=['deleted_at', 'status', 'closed_on', 'owner', 'stage', 'base_value', 'probability', 'is_on_hold', 'estimated_close_date', 'next_step_at', 'currency', 'value', 'next_step'], name='opp_report_idx'),
        ),
    ]
