"""Find the leads that wait for a person's decision without reading all open ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0031_runs_of_the_rules"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["needs_decision", "owner"], name="lead_decision_idx"),
        ),
    ]
