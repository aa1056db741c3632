"""Remember which records may be one, and which of them somebody said are not."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0005_merges'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PossibleDuplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12, verbose_name='kind')),
                ('low', models.BigIntegerField(verbose_name='low')),
                ('high', models.BigIntegerField(verbose_name='high')),
                ('score', models.PositiveSmallIntegerField(default=0, verbose_name='score')),
                ('reasons', models.JSONField(default=list, verbose_name='reasons')),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='found at')),
                ('dismissed_at', models.DateTimeField(null=True, verbose_name='dismissed at')),
                ('dismissed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dismissed by')),
            ],
            options={
                'verbose_name': 'possible duplicate',
                'verbose_name_plural': 'possible duplicates',
                'indexes': [models.Index(fields=['kind', '-score', 'id'], name='duplicate_score_idx'), models.Index(fields=['kind', 'high'], name='duplicate_high_idx')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'low', 'high'), name='records_a_pair_is_kept_once')],
            },
        ),
    ]
