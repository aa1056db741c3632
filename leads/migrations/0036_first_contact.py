"""Keep with each lead when its people first heard from us."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0035_tags'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallead',
            name='contacted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='first contacted'),
        ),
        migrations.AddField(
            model_name='lead',
            name='contacted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='first contacted'),
        ),
    ]
