"""Fill the keys of the accounts and contacts that are there, a batch in a transaction of its own."""

from django.db import migrations, transaction

# Arithmetic without a database; what it makes of a name may only change with another filling.
from records.similarity import blocks_of_firm, blocks_of_person, firm_of, person_of, place_of

BATCH = 2000


def firm_blocks(row):
    phones = [row.phone_key or row.phone]
    return blocks_of_firm(firm_of(row.name, domain=row.domain, phones=phones, place=place(row)))


def person_blocks(row):
    person = person_of(
        first_name=row.first_name,
        last_name=row.last_name,
        emails=[row.email_key or row.email],
        phones=[row.phone_key or row.phone, row.mobile_key or row.mobile],
        place=place(row),
    )
    return blocks_of_person(person)


def place(row):
    return place_of(
        street=row.street,
        city=row.city,
        region=row.region,
        postal_code=row.postal_code,
        country=str(row.country),
    )


def fill(model, blocks_of, connection):
    columns = [f.column for f in model._meta.local_fields if f.name.startswith("block_")]
    wanted = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    after = 0
    while rows := list(model._base_manager.filter(pk__gt=after).order_by("pk")[:BATCH]):
        values = []
        for row in rows:
            blocks = blocks_of(row)
            values.append([*(blocks[column] for column in columns), row.pk])
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            sql = f"UPDATE {table} SET {wanted} WHERE id = %s"  # noqa: S608 (our own names)
            cursor.executemany(sql, values)
        after = rows[-1].pk


def fill_all(apps, schema_editor):
    fill(apps.get_model("accounts", "Account"), firm_blocks, schema_editor.connection)
    fill(apps.get_model("accounts", "Contact"), person_blocks, schema_editor.connection)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0003_block_columns")]

    operations = [migrations.RunPython(fill_all, migrations.RunPython.noop, elidable=True)]
