"""Let an administrator say when a field of a form is shown, and when it is asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0015_limits_and_targets_of_fields'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormCondition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('lead', 'Lead'), ('account', 'Account'), ('contact', 'Contact'), ('opportunity', 'Opportunity')], max_length=12, verbose_name='form of')),
                ('field', models.CharField(max_length=60, verbose_name='field')),
                ('effect', models.CharField(choices=[('show', 'Show it only if'), ('require', 'Ask for it if')], max_length=7, verbose_name='effect')),
                ('condition', models.JSONField(verbose_name='condition')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': 'form condition',
                'verbose_name_plural': 'form conditions',
                'constraints': [models.UniqueConstraint(fields=('kind', 'field', 'effect'), name='records_a_field_has_one_condition_of_an_effect')],
            },
        ),
    ]
