"""Let a door bring the open lead of a known person to what it tells."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_inbox_for_managers")]
    operations = [
        migrations.AlterField(
            model_name="door",
            name="on_known",
            field=models.CharField(
                choices=[
                    ("enquiry", "Add the enquiry to the open lead of the same person"),
                    ("update", "Bring the open lead of the same person to what is told"),
                    ("new", "Make another lead"),
                ],
                default="enquiry",
                max_length=7,
                verbose_name="a known person",
            ),
        ),
    ]
