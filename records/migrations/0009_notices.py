"""Tell people what happened to what is theirs."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("records", "0008_settings_have_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("assigned", "Something is assigned to me"),
                            ("mentioned", "Somebody mentions me"),
                            ("task_due", "A task of mine is due"),
                            ("lead_reopened", "A lead of mine is opened again"),
                            ("job_finished", "A job of mine has finished"),
                        ],
                        max_length=13,
                    ),
                ),
                ("record_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField(default=1)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("read_at", models.DateTimeField(null=True)),
                ("is_shown", models.BooleanField(default=True)),
                (
                    "mail",
                    models.CharField(
                        choices=[
                            ("none", "Not by email"),
                            ("waiting", "To be sent"),
                            ("done", "Done"),
                        ],
                        default="none",
                        max_length=7,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "record_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contenttypes.contenttype",
                    ),
                ),
                (
                    "whom",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="received_notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["whom", "-at", "-id"], name="notice_whom_idx"),
                    models.Index(
                        condition=models.Q(("is_shown", True), ("read_at", None)),
                        fields=["whom"],
                        name="notice_unread_idx",
                    ),
                    models.Index(
                        condition=models.Q(("mail", "waiting")),
                        fields=["whom", "at"],
                        name="notice_mail_idx",
                    ),
                ],
            },
        ),
    ]
