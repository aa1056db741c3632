"""Everything that changes what came in, and the forms and doors by which it comes."""

from intake.operations.entrances import (
    add_key,
    drop_old_keys,
    renew_snippet,
    save_door,
    save_web_form,
    set_secret,
)
from intake.operations.inbox import IsDecided, discard, prune, retry, retry_all
from intake.operations.processing import process, put_off
from intake.operations.receiving import store_delivery, store_submission

__all__ = [
    "IsDecided",
    "add_key",
    "discard",
    "drop_old_keys",
    "process",
    "prune",
    "put_off",
    "renew_snippet",
    "retry",
    "retry_all",
    "save_door",
    "save_web_form",
    "set_secret",
    "store_delivery",
    "store_submission",
]
