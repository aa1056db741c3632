"""Count the changes of lists, processes and stages, so that nobody overwrites another's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0004_how_it_came")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="competitor",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="lossreason",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="process",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="product",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="source",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="stage",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
    ]
