"""Call columns by names that can be translated."""

from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_second_email_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='identitylock',
            options={'verbose_name': 'identity lock', 'verbose_name_plural': 'identity locks'},
        ),
    ]
