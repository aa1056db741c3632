"""Who is told of what happens here, and each message about it."""


import django.db.models.deletion
import django.utils.timezone
import records.signatures
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('records', '0020_fields_speak_languages'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('url', models.CharField(help_text='Begins with https:// and is open to everybody.', max_length=1000, verbose_name='address')),
                ('events', models.JSONField(blank=True, default=list, verbose_name='events')),
                ('is_active', models.BooleanField(default=True, help_text='Out of use, nothing is noted for it, nor sent.', verbose_name='in use')),
                ('secret', models.CharField(default=records.signatures.new_secret, editable=False, max_length=200)),
                ('former_secret', models.CharField(blank=True, editable=False, max_length=200)),
                ('former_until', models.DateTimeField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=60, verbose_name='event')),
                ('record_id', models.BigIntegerField(verbose_name='record id')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Arrived'), ('failed', 'Not arrived')], default='waiting', max_length=7, verbose_name='state')),
                ('body', models.TextField(blank=True, verbose_name='content')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='answer')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='what went wrong')),
                ('worker', models.CharField(blank=True, max_length=32)),
                ('taken_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next try')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='happened')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='arrived')),
                ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.auditentry')),
                ('record_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='webhooks.webhook', verbose_name='webhook')),
            ],
            options={
                'verbose_name': 'message to a webhook',
                'verbose_name_plural': 'messages to webhooks',
                'default_permissions': ('view', 'change'),
                'indexes': [models.Index(condition=models.Q(('state__in', ('waiting', 'sending'))), fields=['next_at', 'id'], name='message_live_idx'), models.Index(condition=models.Q(('state__in', ('waiting', 'sending'))), fields=['webhook', 'record_type', 'record_id', 'id'], name='message_order_idx'), models.Index(fields=['-created_at', '-id'], name='message_created_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='webhooks_what_arrived_says_when')],
            },
        ),
    ]
