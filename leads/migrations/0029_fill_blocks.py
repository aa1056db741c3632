"""Fill the keys of the leads that are there, a batch in a transaction of its own."""

from django.db import migrations, transaction

# Arithmetic without a database; what it makes of a name may only change with another filling.
from records.similarity import blocks_of_person, person_of, place_of

BATCH = 2000


def blocks_of(row):
    place = place_of(
        street=row.street,
        city=row.city,
        region=row.region,
        postal_code=row.postal_code,
        country=str(row.country),
    )
    person = person_of(
        first_name=row.first_name,
        last_name=row.last_name,
        company=row.company,
        emails=[row.email_key or row.email],
        phones=[row.phone_key or row.phone, row.mobile_key or row.mobile],
        place=place,
    )
    return blocks_of_person(person)


def fill(apps, schema_editor):
    Lead = apps.get_model("leads", "Lead")
    connection = schema_editor.connection
    columns = [f.column for f in Lead._meta.local_fields if f.name.startswith("block_")]
    wanted = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in columns)
    after = 0
    while rows := list(Lead._base_manager.filter(pk__gt=after).order_by("pk")[:BATCH]):
        values = []
        for row in rows:
            blocks = blocks_of(row)
            values.append([*(blocks[column] for column in columns), row.pk])
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            sql = f"UPDATE leads_lead SET {wanted} WHERE id = %s"  # noqa: S608 (our own names)
            cursor.executemany(sql, values)
        after = rows[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("leads", "0028_block_columns")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
