"""Write down when the product went through leads by the rules, and what became of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0030_block_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("readiness", "Readiness"), ("automation", "Automation")],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("began_at", models.DateTimeField(verbose_name="when")),
                ("ended_at", models.DateTimeField(verbose_name="until")),
                ("looked_at", models.PositiveIntegerField(default=0, verbose_name="looked at")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="changed")),
                (
                    "stop",
                    models.CharField(
                        choices=[
                            ("done", "Nothing was left"),
                            ("full", "This hour is full"),
                            ("most", "The rest comes with the next run"),
                        ],
                        max_length=4,
                        verbose_name="why it ended",
                    ),
                ),
            ],
            options={
                "verbose_name": "run of the rules",
                "verbose_name_plural": "runs of the rules",
                "default_permissions": ("view",),
            },
        ),
    ]
