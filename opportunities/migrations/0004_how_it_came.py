"""Keep on an opportunity how the lead came that it was made of."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('opportunities', '0003_report_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalopportunity',
            name='utm',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='opportunity',
            name='utm',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
    ]
