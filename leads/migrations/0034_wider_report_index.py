
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_block_indexes'),
        ('leads', '0033_reasons_and_mappings_have_versions'),
        ('opportunities', '0006_board_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_report_idx',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['deleted_at', 'status', 'created_at', 'progress', 'owner', 'source', 'base_value', 'qualified_at', 'disqualified_at', 'ready_since', 'rating', 'campaign', 'country', 'next_step_at', 'currency', 'estimated_value'], name='lead_report_idx'),
        ),
    ]
