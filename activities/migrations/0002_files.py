"""Files on timelines: alone, or with what was said and done."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

KIND = models.CharField(
    choices=[
        ("note", "Note"),
        ("call", "Call"),
        ("meeting", "Meeting"),
        ("email", "Email"),
        ("task", "Task"),
        ("file", "File"),
    ],
    max_length=8,
    verbose_name="kind",
)


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(model_name="activity", name="kind", field=KIND),
        migrations.AlterField(model_name="historicalactivity", name="kind", field=KIND),
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size")),
                ("sha256", models.CharField(max_length=64)),
                ("content_type", models.CharField(max_length=100)),
                ("is_image", models.BooleanField(default=False)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("preview", models.CharField(blank=True, max_length=64)),
                ("width", models.PositiveSmallIntegerField(default=0)),
                ("height", models.PositiveSmallIntegerField(default=0)),
                ("search", models.TextField(default="")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added")),
                ("deleted_at", models.DateTimeField(null=True)),
                ("activity", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="files", to="activities.activity")),
                ("created_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("deleted_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "file",
                "verbose_name_plural": "files",
                "default_permissions": (),
            },
        ),
    ]
