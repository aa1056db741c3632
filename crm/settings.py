"""What the environment decides, and what is decided for everybody.

Everything an operator may set is read here, from the environment or from `.env`, and listed in
`.env.example`. With nothing set the product runs on SQLite under `var/`, on this machine only.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# Values of the real environment win over the file.
environ.Env.read_env(BASE_DIR / ".env")

LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


def kept_secret(file: Path) -> str:
    """Return the secret in `file`, making it on first use, readable by this user only."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(64))
        # Two processes may start at once: a link cannot replace what the other one has made.
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()


# Where this runs

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).expanduser().absolute()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=sorted(LOOPBACK_HOSTS))
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ON_LOOPBACK = set(ALLOWED_HOSTS) <= LOOPBACK_HOSTS
IS_EMBEDDED = not env.str("DATABASE_URL", default="")

if IS_EMBEDDED or DEBUG:
    SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(VAR_DIR / "secret_key")
else:
    # Several machines may share one database; a key made up by each would end the others' sessions.
    SECRET_KEY = env.str("SECRET_KEY", default="")
    if not SECRET_KEY:
        raise ImproperlyConfigured("Set SECRET_KEY: it is required when DATABASE_URL is given.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

CRM_DEMO = env.bool("CRM_DEMO", default=False)
CRM_THROTTLE = env.str("CRM_THROTTLE", default="on").lower() not in {"off", "0", "false", "no"}
if CRM_DEMO and not ON_LOOPBACK:
    raise ImproperlyConfigured("CRM_DEMO signs anybody in: it needs ALLOWED_HOSTS on loopback.")
if not CRM_THROTTLE and not ON_LOOPBACK:
    raise ImproperlyConfigured("CRM_THROTTLE=off is for load tests: ALLOWED_HOSTS on loopback.")


# What it is made of

INSTALLED_APPS = [
    "crm.administration.Administration",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    # Ours before the libraries, so that a template of ours wins over theirs.
    "crm",
    "intake",
    "reports",
    "duplicates",
    "emails",
    "handover",
    "imports",
    "webhooks",
    "leads",
    "opportunities",
    "accounts",
    "activities",
    "workbench",
    "records",
    "users",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_countries",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "django_tasks",
    "django_tasks_db",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "simple_history",
    "template_partials",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "crm.middleware.Compressed",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crm.middleware.PoliteRefusal",
    "crm.middleware.FreshPages",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.middleware.SignedIn",
    "crm.middleware.AsRead",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,  # template_partials wraps these loaders, cached
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.context.navigation",
                "crm.demo.demo",
            ],
        },
    },
]
# The parts of a form are templates like any other, so that one of ours can stand for Django's.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


# Where records are kept

if IS_EMBEDDED:
    VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(
        env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'crm.sqlite3'}"
    )
}
# Opening a connection costs several times a page; threads keep theirs, on both engines.
# Behind a pooler in transaction mode it is 0.
DATABASES["default"]["CONN_MAX_AGE"] = (
    env.int("CONN_MAX_AGE") if env.str("CONN_MAX_AGE", default="") else None
)

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Take the write lock when a transaction opens: half-way through it SQLite cannot wait.
        "transaction_mode": "IMMEDIATE",
        "timeout": env.int("SQLITE_TIMEOUT", default=20),
        "init_command": (
            "PRAGMA journal_mode=WAL;"
            "PRAGMA synchronous=FULL;"  # what was acknowledged survives a power cut
            "PRAGMA foreign_keys=ON;"
            "PRAGMA temp_store=MEMORY;"
            "PRAGMA mmap_size=268435456;"
            "PRAGMA cache_size=-32768;"
        ),
    }
else:
    # One small statement a request buys that nobody sees an error after the server was restarted.
    # SQLite has no server to lose, so it is spared the statement.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = " ".join(
        [
            f"-c lock_timeout={env.int('LOCK_TIMEOUT_MS', default=3000)}",
            # 0 is no limit: commands may take long. The web sets its own limit in wsgi.py.
            f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', default=0)}",
            f"-c idle_in_transaction_session_timeout={env.int('IDLE_TIMEOUT_MS', default=15000)}",
            # To compile a statement takes longer than each of ours does.
            "-c jit=off",
            # To start helpers for a page takes longer than its part of an index; figures over all
            # there is still get them.
            "-c parallel_setup_cost=20000",
        ]
    )

# Reports may be read from a copy that follows by itself, where nobody writes.
REPORTS_DATABASE = "default"
if replica_url := env.str("REPLICA_DATABASE_URL", default=""):
    REPORTS_DATABASE = "replica"
    DATABASES["replica"] = DATABASES["default"] | env.db_url_config(replica_url)
    DATABASE_ROUTERS = ["crm.routers.ReplicaRouter"]

# Counters of refused sign-ins must be seen by every process of a machine, so memory of one process
# will not do; files need no server. Several machines share a cache by CACHE_URL.
CACHES = {
    "default": env.cache_url_config(
        env.str("CACHE_URL", default="") or f"filecache://{VAR_DIR / 'cache'}"
    )
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Seconds of silence after which the worker of a job counts as dead and another one goes on.
JOB_PATIENCE = env.int("JOB_PATIENCE", default=30)


# What other systems are told

# Networks inside of which webhooks may lie, like 10.1.2.0/24; plain HTTP and any port are allowed
# there. Without them nothing is sent but to what is open to everybody.
WEBHOOK_NETWORKS = [ip_network(each) for each in env.list("WEBHOOK_NETWORKS", default=[])]
WEBHOOK_TIMEOUT = env.int("WEBHOOK_TIMEOUT", default=10)
# Seconds after each try that failed: nine tries in all, the last one three days after the first.
WEBHOOK_PAUSES = [
    float(pause)
    for pause in env.list(
        "WEBHOOK_PAUSES", default=[5, 300, 1_800, 7_200, 18_000, 36_000, 72_000, 122_000]
    )
]


# Who may come in

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["crm.backends.Backend"]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())

# Sessions are rows: signing out, or ending a session from the list, must hold at once in every
# process. A cache per process would keep answering for an ended session, a signed cookie could not
# be ended at all. It costs one indexed statement a request and writes only at sign-in and -out.
SESSION_ENGINE = "users.sessions"  # Django's own, which tells when a session ends
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
# Messages travel in a cookie: in the session each one would be two writes.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

ACCOUNT_ADAPTER = "crm.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator vouches for the address
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True  # the age above holds; no box to tick
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
if not CRM_THROTTLE:
    ACCOUNT_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "CRM"

SOCIALACCOUNT_ADAPTER = "crm.adapters.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
# The provider is the firm's own: an address it vouches for is the person entered here.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
if env.str("OIDC_SERVER_URL", default=""):
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": env.str("OIDC_NAME", default="Single sign-on"),
                    "client_id": env.str("OIDC_CLIENT_ID"),
                    "secret": env.str("OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": env.str("OIDC_SERVER_URL")},
                }
            ]
        }
    }


# What a browser is told

# Plain HTTP is for this machine; elsewhere a proxy in front speaks TLS.
INSECURE_HTTP = env.bool("INSECURE_HTTP", default=ON_LOOPBACK)
SESSION_COOKIE_NAME = "session" if INSECURE_HTTP else "__Host-session"
SESSION_COOKIE_SECURE = not INSECURE_HTTP
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "csrftoken" if INSECURE_HTTP else "__Host-csrf"
CSRF_COOKIE_SECURE = not INSECURE_HTTP
CSRF_COOKIE_HTTPONLY = True  # htmx takes the token from the page
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = not INSECURE_HTTP
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the machine itself
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = not INSECURE_HTTP
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
# Preloading binds every subdomain of the operator for years: his choice, not our warning.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
}


# Files of people

# Under random names; no server hands them out, only a page that asks who may see them.
MEDIA_ROOT = Path(env.str("FILES_DIR", default=str(VAR_DIR / "files"))).expanduser().absolute()
FILE_MAX_BYTES = env.int("FILE_MAX_MB", default=25) * 1_048_576
# What an archive may hold when it is unpacked, an office file is one too.
FILE_MAX_UNPACKED_BYTES = env.int("FILE_MAX_UNPACKED_MB", default=250) * 1_048_576
FILES_MOST_AT_ONCE = 10
# By the ending of the name, of those that `activities.contents` can tell by their contents.
FILE_TYPES = frozenset(
    ending.strip().lower().removeprefix(".")
    for ending in env.list(
        "FILE_TYPES",
        default="pdf png jpg jpeg gif webp txt md csv tsv ics vcf eml rtf docx xlsx pptx odt ods "
        "odp doc xls ppt msg zip".split(),
    )
)


# Where links in mails begin: they are written where no browser has asked.
_HOST = next((host for host in ALLOWED_HOSTS if host.strip("*.") == host), "localhost")
if ON_LOOPBACK:
    _HOST = f"127.0.0.1:{env.str('PORT', default='') or 8000}"
SITE_URL = env.str("SITE_URL", default="") or f"{'http' if INSECURE_HTTP else 'https'}://{_HOST}"


# What a request may weigh

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = [
    "workbench.uploads.NoMoreThanAllowed",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]


# Static files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "crm.sheet.SheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# Hashed and compressed names need `collectstatic`: made for an image, too slow for a first look.
STATIC_MANIFEST = env.bool("STATIC_MANIFEST", default=False)
STATIC_ROOT = BASE_DIR / "staticfiles" if STATIC_MANIFEST else None
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if STATIC_MANIFEST
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}


# Language, time, money

USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en").lower()
# A language can be chosen once there is a catalogue for it: `locale/de/LC_MESSAGES/django.mo`.
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [
    (code, LANG_INFO.get(code, {}).get("name_local", code))
    for code in sorted(
        {
            "en",
            LANGUAGE_CODE,
            *(
                file.parent.parent.name.lower().replace("_", "-")
                for file in LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.mo")
            ),
        }
    )
]
DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="US").upper()
DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", default="EUR").upper()


# Mail

# Without a mail server letters go to the log, so that an invitation can still be read there. Those
# of a demo go to a folder: whoever tries it out must not write to anybody.
vars().update(env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://"))
if CRM_DEMO and not env.str("EMAIL_URL", default=""):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or (
    "CRM <crm@crm.example>" if CRM_DEMO else "crm@localhost"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The files of one letter, in megabytes.
MAIL_LARGEST = env.int("MAIL_LARGEST", default=10)
# What replies and copies are sent to, read by `read_mailbox`; each record has its own of these.
MAIL_IN_ADDRESS = env.str("MAIL_IN_ADDRESS", default="") or (
    "timeline@crm.example" if CRM_DEMO else ""
)
# Where letters come back that cannot be delivered; the server tells it the sender of the envelope.
MAIL_BOUNCE_ADDRESS = env.str("MAIL_BOUNCE_ADDRESS", default="")
# Which mailbox the scheduler reads: maildir:/path, mbox:/path or imaps://user:secret@host/INBOX.
MAIL_IN_URL = env.str("MAIL_IN_URL", default="")


# Libraries

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5.html"
# The operation says who did it and why; a middleware would guess from the thread.
SIMPLE_HISTORY_ENABLED = True

REST_FRAMEWORK = {
    # No way in by default: a view names its own (workbench.api takes bearer tokens). A cookie or a
    # password beside the token would need CSRF and limits of sign-in here as well.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "crm.api.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CRM API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # The description is read by people who are signed in to the pages.
    "SERVE_AUTHENTICATION": ["rest_framework.authentication.SessionAuthentication"],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Two kinds of things have a field "state": each set of words gets a name of its own.
    "ENUM_NAME_OVERRIDES": {
        "JobState": "workbench.models.Job.State",
        "RecordKind": "records.models.CustomField.Kind",
        "RuleSetState": "leads.models.QualificationRuleSet.State",
    },
}


# Log

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "crm.logs.JSONLines"}},
    "filters": {"turned_away": {"()": "crm.logs.TurnedAway"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "filters": ["turned_away"],
            "stream": "ext://sys.stdout",
            "formatter": "json",
        }
    },
    "root": {"handlers": ["stdout"], "level": env.str("LOG_LEVEL", default="INFO").upper()},
    # Django's own handlers would print each line a second time.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
    },
}
