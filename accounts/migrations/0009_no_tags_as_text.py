"""Drop the text that has become tags."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_fill_tags")]

    operations = [
        migrations.RemoveField("account", "tags_text"),
        migrations.RemoveField("historicalaccount", "tags_text"),
    ]
