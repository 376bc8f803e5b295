"""The product's settings with django-tenants' own middleware in place of ours."""

from config.settings import *  # noqa: F403

MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", "allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = "bench.ingest.stock"
