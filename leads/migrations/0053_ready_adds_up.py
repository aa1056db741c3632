"""Index what the view of leads that are ready adds up, so that no row is opened for it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_sorted_lists'),
        ('leads', '0052_rules_valid_from'),
        ('opportunities', '0019_sorted_lists'),
        ('records', '0020_fields_speak_languages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_ready_idx',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None), ('ready_since__isnull', False), ('status', 'open')), fields=['ready_since', 'owner', 'base_value', 'currency', 'estimated_value'], name='lead_ready_idx'),
        ),
    ]
