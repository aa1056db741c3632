"""Find what waits for a first word, and what nobody has spoken to, without reading all leads."""

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0037_fill_first_contact'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'status', 'contacted_at', 'created_at', 'id'], name='lead_waiting_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(models.F('owner'), models.F('status'), Coalesce('touched_at', 'created_at'), models.F('id'), condition=models.Q(('deleted_at', None)), name='lead_quiet_idx'),
        ),
    ]
