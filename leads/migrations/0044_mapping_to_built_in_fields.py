"""Let a line of the mapping fill a built-in field, with a default, and say when it does."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0043_wide_indexes'),
        ('records', '0013_an_email_comes_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='fieldmapping',
            name='column',
            field=models.CharField(blank=True, max_length=60, verbose_name='built-in field that it fills'),
        ),
        migrations.AddField(
            model_name='fieldmapping',
            name='default',
            field=models.CharField(blank=True, help_text='Filled in where the lead has nothing and the field is empty.', max_length=255, verbose_name='default'),
        ),
        migrations.AddField(
            model_name='fieldmapping',
            name='policy',
            field=models.CharField(choices=[('empty', 'Fill it if it is empty'), ('always', "Always take the lead's"), ('ask', 'Ask whoever qualifies')], default='empty', help_text='What is made new always gets the value.', max_length=6, verbose_name='on a record that is there already'),
        ),
        migrations.AlterField(
            model_name='fieldmapping',
            name='is_active',
            field=models.BooleanField(default=True, help_text='Out of use, nothing fills a custom field, not even one of the same key.', verbose_name='in use'),
        ),
        migrations.AlterField(
            model_name='fieldmapping',
            name='target',
            field=models.ForeignKey(blank=True, limit_choices_to=models.Q(('kind', 'lead'), _negated=True), null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.customfield', verbose_name='custom field that it fills'),
        ),
        migrations.AddConstraint(
            model_name='fieldmapping',
            constraint=models.UniqueConstraint(condition=models.Q(('column', ''), _negated=True), fields=('column',), name='leads_a_built_in_field_is_filled_from_one_field'),
        ),
        migrations.AddConstraint(
            model_name='fieldmapping',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('column__gt', ''), ('target__isnull', True)), models.Q(('column', ''), ('target__isnull', False)), _connector='OR'), name='leads_a_mapping_fills_one_field'),
        ),
    ]
