"""Offer the custom fields of what a lead becomes to a mapping, and no others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0045_city_in_order"),
        ("records", "0017_activities_have_custom_fields"),
    ]

    operations = [
        migrations.AlterField(
            model_name="fieldmapping",
            name="target",
            field=models.ForeignKey(
                blank=True,
                limit_choices_to=models.Q(("kind__in", ("account", "contact", "opportunity"))),
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.customfield",
                verbose_name="custom field that it fills",
            ),
        ),
    ]
