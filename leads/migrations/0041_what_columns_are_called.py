"""Call columns by names that can be translated."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('leads', '0040_limits_for_administrators'),
        ('opportunities', '0009_what_columns_are_called'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='qualification',
            name='kept',
            field=models.JSONField(default=dict, verbose_name='kept'),
        ),
    ]
