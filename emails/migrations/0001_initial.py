"""Emails by their ids, and templates."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("activities", "0005_who_an_email_went_to"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Email",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=250, unique=True)),
                ("sender", models.CharField(blank=True, max_length=254, verbose_name="from")),
                ("references", models.TextField(blank=True)),
                ("activity", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="email", to="activities.activity")),
            ],
            options={
                "verbose_name": "email",
                "verbose_name_plural": "emails",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="EmailTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("kinds", models.JSONField(blank=True, default=list, verbose_name="offered on")),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("text", models.TextField(max_length=10000, verbose_name="text")),
                ("audience", models.CharField(choices=[("private", "Only me"), ("team", "My team"), ("everyone", "Everyone")], default="private", max_length=8, verbose_name="who uses it")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created")),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="email_templates", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
            ],
            options={
                "verbose_name": "email template",
                "verbose_name_plural": "email templates",
                "permissions": [("share_emailtemplate", "Can share an email template with everyone")],
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="emails_a_person_names_a_template_once")],
            },
        ),
    ]
