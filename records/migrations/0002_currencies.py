"""Give a new installation the usual currencies; their rates are for an administrator to keep."""

from django.conf import settings
from django.db import migrations

# One unit in euros, rounded: a start, not a quotation.
IN_EUROS = {
    "EUR": 1.0,
    "USD": 0.92,
    "GBP": 1.17,
    "CHF": 1.05,
    "SEK": 0.088,
    "NOK": 0.086,
    "DKK": 0.134,
    "PLN": 0.233,
    "CZK": 0.04,
    "JPY": 0.0061,
    "CNY": 0.127,
    "INR": 0.011,
    "AUD": 0.6,
    "CAD": 0.67,
    "BRL": 0.165,
    "MXN": 0.05,
    "ZAR": 0.05,
    "SGD": 0.69,
}


def add_currencies(apps, schema_editor):
    Currency = apps.get_model("records", "Currency")
    if Currency.objects.exists():
        return
    home = IN_EUROS.get(settings.DEFAULT_CURRENCY, 1.0)
    rates = {code: round(value / home, 8) for code, value in IN_EUROS.items()}
    rates[settings.DEFAULT_CURRENCY] = 1
    Currency.objects.bulk_create(
        Currency(code=code, rate=str(rate)) for code, rate in rates.items()
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(add_currencies, migrations.RunPython.noop, elidable=True)]
