"""An index by which somebody is found who writes from a second address."""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_no_tags_as_text")]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(Lower("second_email"), name="contact_second_email_idx"),
        ),
    ]
