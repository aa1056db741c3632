"""Let people say in which language, region and zone they work, and what they begin with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0005_calendar_feed")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="density",
            field=models.CharField(
                blank=True,
                choices=[
                    ("compact", "Compact"),
                    ("", "Standard"),
                    ("comfortable", "Comfortable"),
                ],
                default="",
                max_length=11,
                verbose_name="height of rows",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="start_page",
            field=models.CharField(default="day", max_length=30, verbose_name="start page"),
        ),
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, max_length=12, verbose_name="language"),
        ),
        migrations.AddField(
            model_name="user",
            name="locale",
            field=models.CharField(blank=True, max_length=20, verbose_name="region"),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(blank=True, max_length=64, verbose_name="time zone"),
        ),
        migrations.AddField(
            model_name="user",
            name="first_weekday",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "As usual in the region"),
                    ("monday", "Monday"),
                    ("saturday", "Saturday"),
                    ("sunday", "Sunday"),
                ],
                default="",
                max_length=8,
                verbose_name="week begins on",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="currency_display",
            field=models.CharField(
                choices=[("symbol", "Symbol, like €"), ("code", "Code, like EUR")],
                default="symbol",
                max_length=6,
                verbose_name="currency as",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="shows_own_currency",
            field=models.BooleanField(
                default=False, verbose_name="amounts also in the installation's currency"
            ),
        ),
    ]
