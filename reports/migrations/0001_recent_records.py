"""Remember which records somebody has opened lately."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Recent",
            fields=[
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("records", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "recent records",
                "verbose_name_plural": "recent records",
                "default_permissions": (),
            },
        ),
    ]
