"""The door for a web server: `gunicorn crm.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
# A person waits for a page, so a statement that takes longer than this is a fault and is ended.
# Commands (migrate, seed, import) load settings without passing here and may take their time.
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "5000")

application = get_wsgi_application()
