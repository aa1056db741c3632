"""Let administrators define fields of their own, and lay out the forms."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0002_currencies'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormLayout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Lead'), ('account', 'Account'), ('contact', 'Contact'), ('opportunity', 'Opportunity')], max_length=12, unique=True, verbose_name='form of')),
                ('sections', models.JSONField(blank=True, default=list, verbose_name='sections')),
            ],
            options={
                'verbose_name': 'form layout',
                'verbose_name_plural': 'form layouts',
            },
        ),
        migrations.CreateModel(
            name='CustomField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Lead'), ('account', 'Account'), ('contact', 'Contact'), ('opportunity', 'Opportunity')], max_length=12, verbose_name='belongs to')),
                ('key', models.CharField(max_length=41, verbose_name='key')),
                ('label', models.CharField(max_length=80, verbose_name='label')),
                ('type', models.CharField(choices=[('text', 'Text'), ('long_text', 'Long text'), ('whole', 'Whole number'), ('decimal', 'Decimal number'), ('date', 'Date'), ('yes_no', 'Yes or no'), ('choice', 'Choice'), ('choices', 'Several choices')], max_length=9, verbose_name='type')),
                ('help_text', models.CharField(blank=True, max_length=200, verbose_name='help')),
                ('is_required', models.BooleanField(default=False, verbose_name='required')),
                ('default', models.JSONField(blank=True, null=True, verbose_name='default')),
                ('choices', models.JSONField(blank=True, default=list, verbose_name='choices')),
                ('section', models.CharField(blank=True, max_length=80, verbose_name='section')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'custom field',
                'verbose_name_plural': 'custom fields',
                'constraints': [models.UniqueConstraint(fields=('kind', 'key'), name='records_a_field_key_is_used_once_per_kind')],
            },
        ),
    ]
