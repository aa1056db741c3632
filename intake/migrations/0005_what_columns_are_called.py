"""Call columns by names that can be translated."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0004_entrances_have_versions'),
        ('leads', '0041_what_columns_are_called'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='consent_version',
            field=models.PositiveIntegerField(null=True, verbose_name='consent version'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='next_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='next at'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='subject',
            field=models.CharField(blank=True, max_length=200, verbose_name='subject'),
        ),
        migrations.AlterField(
            model_name='doorfield',
            name='door',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='intake.door', verbose_name='door'),
        ),
        migrations.AlterField(
            model_name='doorkey',
            name='door',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='intake.door', verbose_name='door'),
        ),
        migrations.AlterField(
            model_name='reference',
            name='door',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='references', to='intake.door', verbose_name='door'),
        ),
        migrations.AlterField(
            model_name='reference',
            name='lead',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='references', to='leads.lead', verbose_name='lead'),
        ),
        migrations.AlterField(
            model_name='webformfield',
            name='form',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='intake.webform', verbose_name='form'),
        ),
    ]
