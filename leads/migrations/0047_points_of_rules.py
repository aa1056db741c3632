"""Let rules give points, and a version of the rules ask for a number of them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0046_a_lead_fills_no_entries'),
    ]

    operations = [
        migrations.AddField(
            model_name='qualificationruleset',
            name='threshold',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='points needed'),
        ),
    ]
