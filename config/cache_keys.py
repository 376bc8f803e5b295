"""How keys are called in the cache: each organization's are its own, but limits on signing in are everybody's, and so
is the worker's sign of life.

People have one password for all organizations. Counted per organization, five wrong tries would be five at every
address the installation has, and a code of a second factor could be used once at each of them.
"""

from django_tenants.cache import make_key as tenants_key
from django_tenants.utils import get_public_schema_name

SHARED = ("allauth", "worker-heartbeat", "throttle:signin:", "throttle:token:")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION."""
    if str(key).startswith(SHARED):
        return f"{get_public_schema_name()}:{key_prefix}:{version}:{key}"
    return str(tenants_key(key, key_prefix, version))
