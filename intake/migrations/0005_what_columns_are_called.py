"""Call columns by names that can be translated."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0004_entrances_have_versions'),
        ('leads', '0041_what_columns_are_called'),
    ]

    operations = []
