"""Let a role keep fields of records from its members."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0008_who_leads_whom")]

    operations = [
        migrations.CreateModel(
            name="FieldAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("field", models.CharField(max_length=60, verbose_name="field")),
                (
                    "level",
                    models.CharField(
                        choices=[("read_only", "Read-only"), ("hidden", "Hidden")],
                        max_length=9,
                        verbose_name="access",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="withheld",
                        to="users.role",
                        verbose_name="role",
                    ),
                ),
            ],
            options={
                "verbose_name": "field access",
                "verbose_name_plural": "field access",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("role", "kind", "field"), name="users_a_role_says_once_of_a_field"
                    )
                ],
            },
        ),
    ]
