"""Forms on the web, doors for other systems, and what came in by them."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import intake.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('leads', '0012_sorted_and_ready_index'),
        ('opportunities', '0004_how_it_came'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Door',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('slug', models.SlugField(help_text='Stands in the address of the page.', max_length=60, unique=True, verbose_name='address')),
                ('is_active', models.BooleanField(default=True, verbose_name='open')),
                ('topic', models.CharField(blank=True, help_text='What a lead is about that does not say so itself. Empty: the name above.', max_length=200, verbose_name='topic')),
                ('on_known', models.CharField(choices=[('enquiry', 'Add the enquiry to the open lead of the same person'), ('new', 'Make another lead')], default='enquiry', max_length=7, verbose_name='a known person')),
                ('kind', models.CharField(choices=[('generic', 'Any system: JSON or a form'), ('hubspot', 'HubSpot'), ('marketo', 'Marketo'), ('dataverse', 'Dynamics 365 (Dataverse)'), ('google', 'Google lead form'), ('meta', 'Meta lead form'), ('standard', 'Standard Webhooks'), ('hmac', 'Any system that signs (HMAC)')], default='generic', max_length=9, verbose_name='kind')),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.campaign', verbose_name='campaign')),
                ('owner', models.ForeignKey(blank=True, help_text='Who gets every lead. Empty: as the assignment rules say.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'door',
                'verbose_name_plural': 'doors',
            },
        ),
        migrations.CreateModel(
            name='DoorKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=intake.models.new_key, editable=False, max_length=60, unique=True)),
                ('secret', models.CharField(default=intake.models.new_key, max_length=200, verbose_name='secret')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='made')),
                ('door', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='intake.door', verbose_name='door')),
            ],
            options={
                'verbose_name': 'key of a door',
                'verbose_name_plural': 'keys of doors',
            },
        ),
        migrations.CreateModel(
            name='WebForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('slug', models.SlugField(help_text='Stands in the address of the page.', max_length=60, unique=True, verbose_name='address')),
                ('is_active', models.BooleanField(default=True, verbose_name='open')),
                ('topic', models.CharField(blank=True, help_text='What a lead is about that does not say so itself. Empty: the name above.', max_length=200, verbose_name='topic')),
                ('on_known', models.CharField(choices=[('enquiry', 'Add the enquiry to the open lead of the same person'), ('new', 'Make another lead')], default='enquiry', max_length=7, verbose_name='a known person')),
                ('title', models.CharField(blank=True, help_text='Empty: the name.', max_length=200, verbose_name='title')),
                ('introduction', models.TextField(blank=True, max_length=2000, verbose_name='introduction')),
                ('button', models.CharField(blank=True, help_text='Empty: “Send”.', max_length=60, verbose_name='button')),
                ('consent_text', models.TextField(blank=True, help_text='What people agree to by ticking a box. Empty: no box. A changed text is a new version; each submission keeps the one that was agreed to.', max_length=2000, verbose_name='consent')),
                ('consent_version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version of the consent')),
                ('is_consent_required', models.BooleanField(default=False, verbose_name='consent is required')),
                ('thanks', models.TextField(blank=True, help_text='Shown after sending.', max_length=2000, verbose_name='thank-you')),
                ('redirect_url', models.URLField(blank=True, help_text='A page of yours to go to after sending, instead of the thank-you.', max_length=500, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='redirect')),
                ('hourly_limit', models.PositiveIntegerField(default=500, help_text='More than this is turned away with the word to try again later.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)], verbose_name='at most an hour')),
                ('snippet_key', models.CharField(default=intake.models.new_key, editable=False, max_length=60)),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.campaign', verbose_name='campaign')),
                ('owner', models.ForeignKey(blank=True, help_text='Who gets every lead. Empty: as the assignment rules say.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='opportunities.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'web form',
                'verbose_name_plural': 'web forms',
            },
        ),
        migrations.CreateModel(
            name='DoorField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(blank=True, help_text='Like contact.emails.0.value. Empty: always the value beside it.', max_length=200, verbose_name='path')),
                ('field', models.CharField(max_length=80, verbose_name='field')),
                ('value', models.CharField(blank=True, help_text='When the payload says nothing.', max_length=300, verbose_name='otherwise')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('door', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='intake.door', verbose_name='door')),
            ],
            options={
                'verbose_name': 'mapping of a door',
                'verbose_name_plural': 'mappings of doors',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('path', ''), _negated=True), models.Q(('value', ''), _negated=True), _connector='OR'), name='intake_a_mapping_says_where_or_what')],
            },
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='id there')),
                ('values', models.JSONField(default=dict)),
                ('written', models.JSONField(default=dict)),
                ('door', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='references', to='intake.door', verbose_name='door')),
                ('lead', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='references', to='leads.lead', verbose_name='lead')),
            ],
            options={
                'verbose_name': 'reference',
                'verbose_name_plural': 'references',
                'constraints': [models.UniqueConstraint(fields=('door', 'name'), name='intake_a_reference_stands_once_per_door')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('stored', 'Waiting'), ('quarantined', 'Quarantined'), ('processed', 'Processed'), ('failed', 'Failed'), ('ignored', 'Ignored')], default='stored', max_length=11, verbose_name='state')),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='received')),
                ('raw', models.BinaryField(default=bytes)),
                ('content_type', models.CharField(blank=True, max_length=200)),
                ('headers', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('key', models.CharField(max_length=300)),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='subject')),
                ('repeats', models.PositiveIntegerField(default=0, verbose_name='came again')),
                ('values', models.JSONField(null=True)),
                ('context', models.JSONField(default=dict)),
                ('has_consent', models.BooleanField(default=False, verbose_name='agreed')),
                ('consent_text', models.TextField(blank=True, verbose_name='agreed to')),
                ('consent_version', models.PositiveIntegerField(null=True, verbose_name='consent version')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next at')),
                ('processed_at', models.DateTimeField(null=True, verbose_name='processed')),
                ('error', models.CharField(blank=True, max_length=1000, verbose_name='reason')),
                ('lead', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='leads.lead', verbose_name='lead')),
                ('door', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='intake.door', verbose_name='door')),
                ('form', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='intake.webform', verbose_name='web form')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'indexes': [models.Index(condition=models.Q(('state', 'stored')), fields=['next_at', 'id'], name='delivery_due_idx'), models.Index(condition=models.Q(('state__in', ['failed', 'quarantined'])), fields=['state', '-received_at', '-id'], name='delivery_inbox_idx'), models.Index(fields=['received_at'], name='delivery_received_idx'), models.Index(condition=models.Q(('subject', ''), _negated=True), fields=['door', 'subject'], name='delivery_subject_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('door__isnull', False), ('form', None)), models.Q(('door', None), ('form__isnull', False)), _connector='OR'), name='intake_a_delivery_came_by_a_door_or_a_form'), models.UniqueConstraint(condition=models.Q(('door__isnull', False)), fields=('door', 'key'), name='intake_a_door_takes_a_delivery_once'), models.UniqueConstraint(condition=models.Q(('form__isnull', False)), fields=('form', 'key'), name='intake_a_form_takes_a_submission_once')],
            },
        ),
        migrations.CreateModel(
            name='WebFormField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=80, verbose_name='field')),
                ('label', models.CharField(blank=True, help_text='Empty: the name of the field.', max_length=120, verbose_name='label')),
                ('help_text', models.CharField(blank=True, max_length=200, verbose_name='help')),
                ('is_required', models.BooleanField(default=False, verbose_name='required')),
                ('is_hidden', models.BooleanField(default=False, help_text='Not on the page: every lead gets the value.', verbose_name='hidden')),
                ('value', models.CharField(blank=True, help_text='Of a hidden field; otherwise what the field says before anybody types.', max_length=300, verbose_name='value')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='intake.webform', verbose_name='form')),
            ],
            options={
                'verbose_name': 'field of a web form',
                'verbose_name_plural': 'fields of a web form',
                'constraints': [models.UniqueConstraint(fields=('form', 'field'), name='intake_a_form_asks_for_a_field_once'), models.CheckConstraint(condition=models.Q(('is_hidden', False), models.Q(('value', ''), _negated=True), _connector='OR'), name='intake_a_hidden_field_has_a_value')],
            },
        ),
    ]
