"""Let accounts and contacts be tagged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_tags_were_text"), ("records", "0011_tags")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="tags",
            field=models.ManyToManyField(
                blank=True, related_name="tagged_%(class)ss", to="records.tag", verbose_name="tags"
            ),
        )
        for model in ("account", "contact")
    ]
