"""Call columns by names that can be translated."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0006_preferences'),
    ]

    operations = []
