"""Add tags: words by which records are found together, known in whatever case they are typed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("records", "0010_search_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True, editable=False, max_length=200, unique=True, verbose_name="key"
                    ),
                ),
                ("name", models.CharField(max_length=50, verbose_name="name")),
                (
                    "name_key",
                    models.CharField(blank=True, editable=False, max_length=200, unique=True),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "tag", "verbose_name_plural": "tags"},
        ),
    ]
