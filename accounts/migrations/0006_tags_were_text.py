"""Make room for tags: what was typed as one text is called so until it has become tags."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_block_indexes")]

    operations = [
        migrations.RenameField("account", "tags", "tags_text"),
        migrations.RenameField("historicalaccount", "tags", "tags_text"),
    ]
