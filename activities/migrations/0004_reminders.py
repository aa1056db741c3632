"""When the owner of something that is to be done is told of it, and that they were told."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

REMIND = models.CharField(
    choices=[
        ("none", "Not at all"),
        ("at", "When it is due"),
        ("15m", "15 minutes before"),
        ("1h", "1 hour before"),
        ("1d", "1 day before"),
    ],
    default="at",
    max_length=4,
    verbose_name="remind me",
)


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0003_mentions"),
    ]

    operations = [
        migrations.AddField(model_name="activity", name="remind", field=REMIND),
        migrations.AddField(model_name="historicalactivity", name="remind", field=REMIND),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                condition=models.Q(status="open"), fields=["due_at"], name="activity_to_remind_idx"
            ),
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("activity", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reminders", to="activities.activity")),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("activity", "due_at"), name="activities_a_due_date_is_told_once"
            ),
        ),
    ]
