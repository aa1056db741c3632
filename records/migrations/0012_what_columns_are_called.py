"""Call columns by names that can be translated."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('records', '0011_tags'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='idempotencykey',
            options={'verbose_name': 'idempotency key', 'verbose_name_plural': 'idempotency keys'},
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='actor'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='at',
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='changes',
            field=models.JSONField(default=dict, verbose_name='changes'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='event',
            field=models.CharField(max_length=60, verbose_name='event'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='label',
            field=models.CharField(max_length=300, verbose_name='label'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='record_id',
            field=models.BigIntegerField(verbose_name='record id'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='record_type',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype', verbose_name='record type'),
        ),
        migrations.AlterField(
            model_name='idempotencykey',
            name='at',
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AlterField(
            model_name='idempotencykey',
            name='key',
            field=models.CharField(max_length=255, verbose_name='key'),
        ),
        migrations.AlterField(
            model_name='idempotencykey',
            name='status',
            field=models.PositiveSmallIntegerField(null=True, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='idempotencykey',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='dismissed_at',
            field=models.DateTimeField(null=True, verbose_name='dismissed at'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='dismissed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dismissed by'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='found_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='found at'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='high',
            field=models.BigIntegerField(verbose_name='high'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='kind',
            field=models.CharField(max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='low',
            field=models.BigIntegerField(verbose_name='low'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='reasons',
            field=models.JSONField(default=list, verbose_name='reasons'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='score',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='score'),
        ),
        migrations.AlterField(
            model_name='possibleduplicate',
            name='score_alone',
            field=models.PositiveSmallIntegerField(null=True, verbose_name='score alone'),
        ),
    ]
