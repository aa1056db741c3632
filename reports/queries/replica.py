"""How old what reports read is, where they have a database of their own."""

from __future__ import annotations

from django.conf import settings
from django.db import connections

TOLD_FROM = 60  # seconds: what is younger is as good as now

# A copy that has all that was sent to it is not behind, however long ago that was.
_BEHIND = """
SELECT CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() <> pg_last_wal_replay_lsn()
THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END
"""


def minutes_behind() -> int:
    """Return how many whole minutes the figures are behind the records; 0 where nobody need know.

    One statement, where reports have a database of their own.
    """
    connection = connections[settings.REPORTS_DATABASE]
    if connection.alias == "default" or connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND)
        (seconds,) = cursor.fetchone()
    return int(seconds // 60) if seconds and seconds >= TOLD_FROM else 0
