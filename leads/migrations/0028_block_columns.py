"""Give records the keys by which those are found that may be the same."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_block_indexes'),
        ('leads', '0027_assignment_rules_have_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='block_home',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='lead',
            name='block_home_2',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='lead',
            name='block_mail',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='lead',
            name='block_name',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='lead',
            name='block_phone',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='lead',
            name='block_street',
            field=models.CharField(default='', editable=False, max_length=40),
        ),
    ]
