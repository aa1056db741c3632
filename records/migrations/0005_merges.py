"""Remember which records were made one, and how their rows were before."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0004_layouts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Lead'), ('account', 'Account'), ('contact', 'Contact')], max_length=7)),
                ('survivor_id', models.BigIntegerField()),
                ('loser_ids', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('active', 'Active'), ('undone', 'Undone')], default='active', max_length=6)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('values', models.JSONField(default=dict)),
                ('image', models.JSONField(default=dict)),
                ('left', models.JSONField(default=list)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'merge',
                'verbose_name_plural': 'merges',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='MergedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Lead'), ('account', 'Account'), ('contact', 'Contact')], max_length=7)),
                ('record_id', models.BigIntegerField()),
                ('merge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merged_records', to='records.merge')),
            ],
            options={
                'verbose_name': 'merged record',
                'verbose_name_plural': 'merged records',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='merge',
            index=models.Index(fields=['kind', 'survivor_id'], name='merge_survivor_idx'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'active')), models.Q(('ended_at__isnull', False), ('state', 'undone')), _connector='OR'), name='records_a_merge_that_was_undone_says_when'),
        ),
        migrations.AddConstraint(
            model_name='mergedrecord',
            constraint=models.UniqueConstraint(fields=('kind', 'record_id'), name='records_a_record_is_merged_into_one'),
        ),
    ]
