"""Let leads be tagged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0034_wider_report_index"), ("records", "0011_tags")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="tags",
            field=models.ManyToManyField(
                blank=True, related_name="tagged_%(class)ss", to="records.tag", verbose_name="tags"
            ),
        ),
    ]
