"""Say whose figures count for whom, too."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0007_what_columns_are_called")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="manager",
            field=models.ForeignKey(
                blank=True,
                help_text="Figures can be parted by manager. It gives nobody any right.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="direct_reports",
                to=settings.AUTH_USER_MODEL,
                verbose_name="manager",
            ),
        ),
    ]
