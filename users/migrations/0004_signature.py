"""What stands under the emails of a person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0003_how_to_be_told")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="signature",
            field=models.TextField(blank=True, max_length=1000, verbose_name="email signature"),
        ),
    ]
