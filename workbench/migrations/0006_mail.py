"""Letters that wait to be sent, and what became of them."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workbench", "0005_views_for_all")]

    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(blank=True, max_length=200)),
                ("message_id", models.CharField(max_length=200, unique=True)),
                ("sender", models.CharField(max_length=500, verbose_name="from")),
                ("reply_to", models.CharField(blank=True, max_length=1000, verbose_name="reply to")),
                ("to", models.JSONField(default=list, verbose_name="to")),
                ("cc", models.JSONField(blank=True, default=list, verbose_name="cc")),
                ("bcc", models.JSONField(blank=True, default=list, verbose_name="bcc")),
                ("subject", models.CharField(max_length=250, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("html", models.TextField(blank=True)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("state", models.CharField(choices=[("waiting", "Waiting"), ("sending", "Being sent"), ("sent", "Sent"), ("failed", "Not sent")], default="waiting", max_length=7, verbose_name="state")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("error", models.CharField(blank=True, max_length=1000, verbose_name="what went wrong")),
                ("refused", models.JSONField(blank=True, default=dict, verbose_name="refused")),
                ("worker", models.CharField(blank=True, max_length=32)),
                ("taken_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="next try")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="written")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
            ],
            options={
                "verbose_name": "email to send",
                "verbose_name_plural": "emails to send",
                "default_permissions": ("view", "change"),
                "indexes": [
                    models.Index(condition=models.Q(("state__in", ("waiting", "sending"))), fields=["next_at", "id"], name="mail_live_idx"),
                    models.Index(fields=["-created_at", "-id"], name="mail_created_idx"),
                    models.Index(condition=models.Q(("state", "failed")), fields=["created_at"], name="mail_failed_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("key", ""), _negated=True), fields=("key",), name="workbench_a_key_is_posted_once"),
                    models.CheckConstraint(condition=models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"), name="workbench_what_was_sent_says_when"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=120)),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField(default=0)),
                ("is_alternative", models.BooleanField(default=False)),
                ("mail", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="workbench.mail")),
            ],
            options={
                "verbose_name": "part of an email",
                "verbose_name_plural": "parts of an email",
                "default_permissions": (),
            },
        ),
    ]
