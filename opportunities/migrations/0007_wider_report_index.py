
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_block_indexes'),
        ('opportunities', '0006_board_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='opportunity',
            name='opp_report_idx',
        ),
        migrations.AddIndex(
            model_name='opportunity',
            index=models.Index(fields=['deleted_at', 'status', 'closed_on', 'owner', 'stage', 'base_value', 'probability', 'is_on_hold', 'estimated_close_date', 'next_step_at', 'currency', 'value'], name='opp_report_idx'),
        ),
    ]
