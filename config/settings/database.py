"""PostgreSQL with one schema per organization, and the cache."""

from urllib.parse import urlsplit, urlunsplit

from .env import env

DATABASES = {
    "default": {
        **env.db("DATABASE_URL", "postgres://frontdesk@127.0.0.1:5432/frontdesk"),
        "ENGINE": "django_tenants.postgresql_backend",
        # The pool keeps connections; Django must not keep them a second time.
        "CONN_MAX_AGE": 0,
        # A connection is tried before it is used: after a restart of the database no request and no job meets a dead one.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 1,
                # At least as many as there are threads in this process: docs/operations.md.
                "max_size": env.int("DATABASE_POOL_SIZE", 36),
                "timeout": 10,
            },
            "connect_timeout": 5,
        },
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

TENANT_MODEL = "organizations.Organization"
TENANT_DOMAIN_MODEL = "organizations.Domain"
# SET search_path once per connection and tenant, not before every statement.
TENANT_LIMIT_SET_CALLS = True
# Wherever a tenant becomes active, its time zone does.
EXTRA_SET_TENANT_METHOD_PATH = "apps.jobs.connection.follow_zone"

_broker = urlsplit(env.str("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0"))
_cache_url = env.str("CACHE_URL", "")
if not _cache_url and _broker.scheme in {"redis", "rediss"}:
    _cache_url = urlunsplit(_broker._replace(path="/1"))
CACHES = {
    "default": (
        {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": _cache_url,
            # A cache that is away costs speed, never a request.
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
            "KEY_FUNCTION": "config.cache_keys.make_key",
            "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        }
        if _cache_url
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
