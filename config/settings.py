"""Django's settings, read from the environment and an optional `.env` file in the project's root."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from config.env import (
    read_bool,
    read_choice,
    read_database,
    read_float,
    read_int,
    read_list,
    read_networks,
    read_target,
    read_text,
    read_url,
    read_zone,
)
from config.logging import LOG_FORMATS, make_logging
from config.openapi import SPECTACULAR
from config.secrets import load_or_generate, make_private
from config.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(str(BASE_DIR / ".env"))

# The process

DEBUG = read_bool("DEBUG", default=False)
HOST = read_text("HOST", "127.0.0.1")
PORT = read_int("PORT", 8000, low=1, high=65535)
WEB_CONCURRENCY = read_int("WEB_CONCURRENCY", 2, low=1, high=256)
PUBLIC_URL = read_url("PUBLIC_URL")

# Routing

ROUTING_DATA_DIR = Path(read_text("ROUTING_DATA_DIR", str(BASE_DIR / "data"))).resolve()
ROUTING_DEFAULT_REGION = read_text("ROUTING_DEFAULT_REGION", "US").upper()
# Seconds between two looks for a new revision. 0 starts no background thread: each decision looks for itself.
ROUTING_POLL_SECONDS = read_float("ROUTING_POLL_SECONDS", 0.5, low=0, high=60)
ROUTING_LAST_RESORT = read_target(
    "ROUTING_LAST_RESORT",
    {
        "key": "last-resort",
        "name": "Last resort",
        "kind": "reject",
        "message": "We are sorry, we cannot take your call right now. Please try again in a few minutes.",
    },
)

# Vapi

VAPI_API_KEY = read_text("VAPI_API_KEY")
VAPI_PUBLIC_KEY = read_text("VAPI_PUBLIC_KEY")
VAPI_BASE_URL = read_url("VAPI_BASE_URL", "https://api.vapi.ai")
VAPI_WEBHOOK_SECRET = read_text("VAPI_WEBHOOK_SECRET")

# Secrets

SECRET_KEY = read_text("SECRET_KEY")
ENCRYPTION_KEYS = read_list("ENCRYPTION_KEYS")  # Fernet keys: the first encrypts, all decrypt
GENERATED_SECRETS = [name for name in ("SECRET_KEY", "ENCRYPTION_KEYS") if not globals()[name]]
if GENERATED_SECRETS:
    _generated = load_or_generate(ROUTING_DATA_DIR)
    SECRET_KEY = SECRET_KEY or _generated["secret_key"]
    ENCRYPTION_KEYS = ENCRYPTION_KEYS or _generated["encryption_keys"]

# Who may ask

METRICS_TOKEN = read_text("METRICS_TOKEN")  # without it /metrics answers on this machine only
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + [_public.hostname or ""] * bool(PUBLIC_URL)
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS") + [f"{_public.scheme}://{_public.netloc}"] * bool(PUBLIC_URL)
IS_HTTPS = _public.scheme == "https"
# Proxies whose word about the client's address and scheme is believed: see config/proxies.py.
TRUSTED_PROXIES = read_networks("TRUSTED_PROXIES")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# This server speaks HTTP itself: without a proxy that tells the scheme, a redirect would lead back here for ever.
SECURE_SSL_REDIRECT = IS_HTTPS and bool(TRUSTED_PROXIES)
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0  # a year
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds: a long shift
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "config.uploads.BoundedUpload"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1  # no form takes two
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/admin/"  # the admin theme's login page drops `next`

# Django

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
# The API takes a second slash before its paths on purpose: see routing/api/urls.py.
# Whether all neighbours of our host speak HTTPS too, which W005 and W021 want to be promised, is not ours to know.
SILENCED_SYSTEM_CHECKS = ["urls.W002", "security.W005", "security.W021"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "config.staff_pages.StaffPages",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "routing",
]

MIDDLEWARE = [
    "routing.webhook.middleware.AnswerWebhook",  # before the redirect to https too, which would lose the message
    "routing.status.middleware.AnswerProbes",  # before whatever looks at host names and schemes
    "routing.status.middleware.CountRequests",
    "config.proxies.TrustProxies",
    "django.middleware.security.SecurityMiddleware",
    "config.csp.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as it wants: it turns a refused log-in into its page
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": read_database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'data' / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    make_private(DATABASES["default"]["NAME"])

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["routing.api.parsing.StrictJsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["routing.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["routing.api.authentication.HasSecretKey"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "routing.api.errors.answer_error",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = SPECTACULAR

# Log-in: five wrong passwords for one user from one address, then a pause

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}" for name in ("Argon2PasswordHasher", "PBKDF2PasswordHasher")]
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else whoever goes on guessing keeps the owner out for ever
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.lockout.answer_lockout"
AXES_CLIENT_IP_CALLABLE = "config.lockout.client_address"
AXES_ENABLE_ADMIN = False  # `manage.py axes_reset` lets people in again
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Language, time and files

LANGUAGE_CODE = "en"
TIME_ZONE = read_zone("TIME_ZONE", "UTC")  # of the pages that staff see; the database keeps UTC
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # The manifest gives each version of a file its own name, and needs `collectstatic` (which `serve` runs).
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOGGING = make_logging(read_choice("LOG_FORMAT", "plain", LOG_FORMATS))
