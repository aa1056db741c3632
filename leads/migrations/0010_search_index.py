"""Index the search text of all records by its trigrams, where PostgreSQL can."""

from django.db import migrations

TABLES = {
    "leads_lead": "lead_search_idx",
    "accounts_account": "account_search_idx",
    "accounts_contact": "contact_search_idx",
    "opportunities_opportunity": "opp_search_idx",
}


def has_trigrams(schema_editor):
    """Say whether the extension is there now; a role that may not create it goes without."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'pg_trgm'")
        found = cursor.fetchone()
        if found is None:
            return False
        if found[0] is not None:
            return True
        cursor.execute(
            "SELECT has_database_privilege(current_database(), 'CREATE')"
            " AND (SELECT bool_or(trusted OR NOT superuser) FROM pg_available_extension_versions"
            " WHERE name = 'pg_trgm')"
            " OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
        )
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    return True


def add_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql" or not has_trigrams(schema_editor):
        return
    for table, index in TABLES.items():
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {index} ON {table} USING gin (search gin_trgm_ops)"
        )


def drop_indexes(apps, schema_editor):
    """Drop the indexes; the extension stays, as somebody else may use it."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for index in TABLES.values():
        schema_editor.execute(f"DROP INDEX IF EXISTS {index}")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_disqualify_reasons"),
        ("accounts", "0001_initial"),
        ("opportunities", "0001_initial"),
    ]
    operations = [migrations.RunPython(add_indexes, drop_indexes)]
