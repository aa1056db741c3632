"""Call columns by names that can be translated."""

from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('opportunities', '0008_tags'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = []
