"""Index entries in the orders of their list, with what the list is narrowed by."""

from django.conf import settings
from django.db import migrations, models


def add_what_was_done_last(apps, schema_editor):
    """Go down the moments at which entries were done, in an order that only PostgreSQL indexes.

    What is open is not in it: counting that, it would all be passed over first.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX activity_by_done_idx ON activities_activity"
            " (done_at DESC NULLS LAST, id DESC, status, kind, owner_id)"
            " WHERE deleted_at IS NULL AND status = 'done'"
        )


def drop_what_was_done_last(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS activity_by_done_idx")


class Migration(migrations.Migration):

    dependencies = [
        ('activities', '0007_what_columns_are_called'),
        ('workbench', '0006_mail'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['due_at', 'id', 'status', 'kind', 'owner'], name='activity_by_due_idx'),
        ),
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['kind', 'due_at', 'id', 'status', 'owner'], name='activity_by_kind_idx'),
        ),
        migrations.RunPython(add_what_was_done_last, drop_what_was_done_last),
    ]
