"""How gunicorn runs the product: `gunicorn -c crm/gunicorn.py crm.wsgi`."""

import gc
import os
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Threads, because a request mostly waits for the database; few processes, because SQLite has
# one writer and each process keeps a connection per thread.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Load the product once and share its memory: a worker is there at once, also in place of another.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
backlog = 128
limit_request_line = 4094
# Start workers anew now and then, not all at once, so that a leak in a library stays small.
max_requests = 5000
max_requests_jitter = 500
# Heartbeats are files: in memory, so that a slow disk does not look like a dead worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()


def when_ready(_server: Any) -> None:
    """Before the first worker is made: load the pages too, share what is loaded, no connection."""
    from django.db import connections  # noqa: PLC0415 - needs settings, which are loaded by now
    from django.urls import get_resolver  # noqa: PLC0415

    _ = get_resolver().url_patterns
    connections.close_all()
    gc.freeze()
