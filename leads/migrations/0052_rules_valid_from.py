"""Let a draft of the rules come into force at a moment to come."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0051_availability_for_managers'),
    ]

    operations = [
        migrations.AddField(
            model_name='qualificationruleset',
            name='valid_from',
            field=models.DateTimeField(null=True, verbose_name='valid from'),
        ),
    ]
