"""Rows are found by the record that they are about, to see who has changed it since."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("imports", "0002_who_may_import")]

    operations = [
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("record_id__isnull", False)),
                fields=["within", "record_id"],
                name="import_row_record_idx",
            ),
        ),
    ]
