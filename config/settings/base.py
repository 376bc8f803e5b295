"""Apps, middleware, templates, files."""

import os

from .env import BASE_DIR, DATA_DIR, env

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")

# Host names. Tenants live at <slug>.<BASE_DOMAIN>, the agency's own pages at <BASE_DOMAIN>.
BASE_DOMAIN = env.str("BASE_DOMAIN", "localhost")
# On this machine only: the demo and the simulator have their place, and https is nobody's to offer.
LOCAL = BASE_DOMAIN == "localhost" or BASE_DOMAIN.endswith(".localhost")
PORT = env.int("PORT", 8000)
HOST = env.str("HOST", "127.0.0.1")
# Web processes follow the processors, as far as memory does.
WEB_PROCESSES = env.int("WEB_PROCESSES", 0) or min(os.cpu_count() or 1, 4)
# Pages that are computed at once in each: an interpreter does one thing at a time, and one more while that one asks the
# database. Those that wait for a vendor are not counted; so many may.
WEB_THREADS = env.int("WEB_THREADS", 2)
WEB_THREADS_OUTSIDE = 16
# The Host header is checked against the domain table by the tenant middleware: unknown hosts get 404.
ALLOWED_HOSTS = ["*"]
SITE_NAME = env.str("SITE_NAME", "Frontdesk")

SHARED_APPS = [
    "django_tenants",
    "apps.organizations",
    "apps.jobs",
    "apps.ui",
    "apps.simulator",
    "apps.organizations.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.static_files.StaticFiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "auditlog",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
]
TENANT_APPS = [
    "auditlog",
    "apps.events",
    "apps.integrations",
    "apps.ai",
    "apps.catalog",
    "apps.leads",
    "apps.conversations",
    "apps.webchat",
    "apps.webhooks_outbox",
    "apps.analytics",
    "apps.dashboard",
]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.headers.PermissionsPolicyMiddleware",
    "config.compression.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.organizations.middleware.TraceMiddleware",
    "apps.organizations.middleware.TenantMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.organizations.middleware.CredentialMiddleware",
    "config.headers.NoStoreMiddleware",
    "apps.organizations.middleware.MembershipMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls_tenant"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "apps.ui.folding.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.organizations.context.organization",
                "apps.ui.context.shell",
            ],
        },
    },
]

FORM_RENDERER = "apps.ui.forms.FrontdeskRenderer"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", str(DATA_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedFiles"},
}
# Without a collected manifest (a first `runserver`) files are served from where they lie.
WHITENOISE_USE_FINDERS = DEBUG
# Collecting is part of the first start: half the files, and nothing compressed that nobody asks for.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "webp", "gif", "woff", "woff2", "gz", "br", "mp4", "webm"]
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

# Uploads live per tenant below this folder and are served by views that check who asks.
MEDIA_ROOT = env.str("MEDIA_ROOT", str(DATA_DIR / "media"))

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
