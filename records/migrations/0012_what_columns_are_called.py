"""Call columns by names that can be translated."""

from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('records', '0011_tags'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='idempotencykey',
            options={'verbose_name': 'idempotency key', 'verbose_name_plural': 'idempotency keys'},
        ),
    ]
