"""Headers, cookies, encryption."""

from csp.constants import NONCE, NONE, SELF

from .env import env

# https in front of us (a proxy that sets X-Forwarded-Proto); the embedded stack on localhost has none.
HTTPS = env.bool("HTTPS", False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# The simulator speaks with its stand-in inside this machine, the outbox with the built-in catcher.
SECURE_REDIRECT_EXEMPT = [r"^simulator/graph/", r"^catch/"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
# Organizations are siblings below one domain. With this prefix a browser takes a cookie only from the host itself, over
# https, for no other host: nobody can plant one for a neighbor.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
CSRF_FAILURE_VIEW = "apps.ui.views.csrf_failure"
# A form may come from the very host it goes to and from no other, not even a sibling's.
CSRF_TRUSTED_ORIGINS: list[str] = []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", "https:"],
        "media-src": [SELF, "blob:", "https:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Lets Prometheus read /metrics from another machine.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# Credentials at rest: the first key encrypts, all of them decrypt; `manage.py rotate_keys` re-encrypts.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# The largest request that is read at all: an upload with its form around it.
REQUEST_MAX_BYTES = env.int("REQUEST_MAX_BYTES", 30 * 1024 * 1024)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", 5 * 1024 * 1024)
