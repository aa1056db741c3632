"""Who was invited to a meeting."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0005_who_an_email_went_to"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=200, unique=True)),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("people", models.JSONField(default=list, verbose_name="invited")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="where")),
                ("text", models.TextField(blank=True, max_length=5000, verbose_name="what the invitation says")),
                ("told", models.JSONField(blank=True, default=dict)),
                ("activity", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="invitation", to="activities.activity")),
                ("organizer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "default_permissions": (),
            },
        ),
    ]
