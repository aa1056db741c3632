"""Make tags of the words that accounts had in one text, parted by commas."""

import unicodedata

from django.db import migrations

LONGEST = 50


def fill(apps, schema_editor):
    Account = apps.get_model("accounts", "Account")
    Tag = apps.get_model("records", "Tag")
    known = {tag.name_key: tag for tag in Tag.objects.all()}
    rows = Account.objects.exclude(tags_text="").order_by("pk")
    for account in rows.only("pk", "tags_text").iterator(chunk_size=1000):
        words = account.tags_text.replace(";", ",").split(",")
        found = {}
        for word in (" ".join(word.split())[:LONGEST].strip() for word in words):
            key = " ".join(unicodedata.normalize("NFKC", word).casefold().split())[:200]
            if not key:
                continue
            if key not in known:
                known[key] = Tag.objects.create(key=key, name=word, name_key=key)
            found[known[key].pk] = known[key]
        account.tags.add(*found.values())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_tags")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
