"""Say which field of a lead fills which custom field, and keep with a qualification what did."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('leads', '0012_sorted_and_ready_index'),
        ('records', '0003_custom_fields'),
    ]

    operations = [
        migrations.AddField(
            model_name='qualification',
            name='carried',
            field=models.JSONField(default=list, verbose_name='carried'),
        ),
        migrations.CreateModel(
            name='FieldMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=60, verbose_name='field of the lead')),
                ('is_active', models.BooleanField(default=True, help_text='Out of use, nothing fills the field, not even one of the same key.', verbose_name='in use')),
                ('target', models.ForeignKey(limit_choices_to=models.Q(('kind', 'lead'), _negated=True), on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.customfield', verbose_name='custom field that it fills')),
            ],
            options={
                'verbose_name': 'field mapping',
                'verbose_name_plural': 'field mappings',
                'constraints': [models.UniqueConstraint(fields=('target',), name='leads_a_custom_field_is_filled_from_one_field')],
            },
        ),
    ]
