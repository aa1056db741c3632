"""Let leads be left out of automation, and write down what it has done about each."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0023_default_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallead',
            name='do_not_automate',
            field=models.BooleanField(default=False, help_text='Only people qualify this lead.', verbose_name='do not automate'),
        ),
        migrations.AddField(
            model_name='lead',
            name='do_not_automate',
            field=models.BooleanField(default=False, help_text='Only people qualify this lead.', verbose_name='do not automate'),
        ),
        migrations.CreateModel(
            name='AutomaticQualification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.PositiveSmallIntegerField()),
                ('lead_version', models.PositiveIntegerField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('outcome', models.CharField(choices=[('qualified', 'Qualified'), ('parked', 'Needs a decision'), ('skipped', 'Left to people'), ('failed', 'Failed')], max_length=9, verbose_name='outcome')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.qualificationruleset', verbose_name='rules')),
            ],
            options={
                'verbose_name': 'automatic qualification',
                'verbose_name_plural': 'automatic qualifications',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['-at', '-id'], name='lead_automatic_at_idx')],
                'constraints': [models.UniqueConstraint(fields=('lead', 'cycle'), name='leads_automation_decides_once_a_cycle')],
            },
        ),
    ]
