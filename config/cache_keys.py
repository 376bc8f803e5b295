"""How keys are called in the cache: each organization's are its own, but limits are everybody's, and so is the
worker's sign of life.

People have one password for all organizations, and an address is the same person at each of them. Counted per
organization, five wrong tries would be five at every host the installation has. What is one organization's by its nature
says so in its own key.
"""

from django_tenants.cache import make_key as tenants_key
from django_tenants.utils import get_public_schema_name

SHARED = ("allauth", "worker-heartbeat", "throttle:")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's KEY_FUNCTION."""
    if str(key).startswith(SHARED):
        return f"{get_public_schema_name()}:{key_prefix}:{version}:{key}"
    return str(tenants_key(key, key_prefix, version))
