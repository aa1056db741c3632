"""Remember the words that stand in records, for those who mistype one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0009_notices")]

    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(db_index=True, max_length=40)),
            ],
            options={
                "verbose_name": "searched word",
                "verbose_name_plural": "searched words",
                "default_permissions": (),
            },
        ),
    ]
