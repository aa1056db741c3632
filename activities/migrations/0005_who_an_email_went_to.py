"""With whom an email was exchanged, and what became of one that was sent."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0004_reminders"), ("workbench", "0006_mail")]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="mail",
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="activities", to="workbench.mail"),
        ),
        migrations.AddField(
            model_name="activity",
            name="people",
            field=models.CharField(blank=True, editable=False, max_length=500, verbose_name="with whom"),
        ),
        migrations.AddField(
            model_name="historicalactivity",
            name="mail",
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="workbench.mail"),
        ),
        migrations.AddField(
            model_name="historicalactivity",
            name="people",
            field=models.CharField(blank=True, editable=False, max_length=500, verbose_name="with whom"),
        ),
    ]
