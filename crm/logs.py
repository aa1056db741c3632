"""Log lines as JSON, one object a line, for whatever collects standard output."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class TurnedAway(logging.Filter):
    """What was turned away for what it asked: a warning, without the place in our own code.

    A wrong host or a character that no text has is somebody else's mistake, and anybody can make
    it as often as they like.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


class JSONLines(logging.Formatter):
    """A log record as one line of JSON, without bodies, passwords or tokens."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, with the traceback of an exception as one field."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if status := getattr(record, "status_code", None):
            line["status"] = status
        if reference := getattr(getattr(record, "request", None), "reference", ""):
            line["reference"] = reference
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
