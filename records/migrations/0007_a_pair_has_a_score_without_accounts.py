"""Remember how alike two contacts are without their accounts: not everybody may see these."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0006_possible_duplicates'),
    ]

    operations = [
        migrations.AddField(
            model_name='possibleduplicate',
            name='score_alone',
            field=models.PositiveSmallIntegerField(null=True, verbose_name='score alone'),
        ),
    ]
