"""Let a target say which share of leads is to be qualified."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_sums")]

    operations = [
        migrations.AddField(
            model_name="target",
            name="conversion",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=5,
                null=True,
                verbose_name="lead conversion, %",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=Q(conversion=None) | Q(conversion__gt=0, conversion__lte=100),
                name="reports_a_target_is_a_share_of_all_leads",
            ),
        ),
    ]
