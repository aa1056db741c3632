"""Let the entries of timelines have custom fields."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0016_form_conditions")]

    operations = [
        migrations.AlterField(
            model_name="customfield",
            name="kind",
            field=models.CharField(
                choices=[
                    ("lead", "Lead"),
                    ("account", "Account"),
                    ("contact", "Contact"),
                    ("opportunity", "Opportunity"),
                    ("activity", "Activity"),
                ],
                max_length=12,
                verbose_name="belongs to",
            ),
        ),
    ]
