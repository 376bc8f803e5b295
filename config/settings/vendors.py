"""Vendors: keys, and base addresses that a local server can stand in for."""

from .base import HOST, LOCAL, PORT
from .env import env

FACEBOOK_APP_ID = env.str("FACEBOOK_APP_ID", "")
# Several while a secret is being replaced: any of them verifies a signature.
FACEBOOK_APP_SECRET = env.list("FACEBOOK_APP_SECRET", default=[])
FACEBOOK_VERIFY_TOKEN = env.str("FACEBOOK_VERIFY_TOKEN", "")
WHATSAPP_VERIFY_TOKEN = env.str("WHATSAPP_VERIFY_TOKEN", "")
META_GRAPH_URL = env.str("META_GRAPH_URL", "https://graph.facebook.com")
# The customer's side of Meta inside this server (apps/simulator): off means its pages and its stand-in answer 404.
SIMULATOR = env.bool("SIMULATOR", LOCAL)
_here = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104
# Where this server reaches itself; simulated accounts are sent to below it, never to Meta.
SIMULATOR_URL = env.str("SIMULATOR_URL", "") or f"http://{_here.get(HOST, HOST)}:{PORT}"
SIMULATOR_GRAPH_URL = f"{SIMULATOR_URL}/simulator/graph"
META_GRAPH_VERSION = env.str("META_GRAPH_VERSION", "v25.0")

OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", "https://api.openai.com/v1")
GEMINI_API_KEY = env.str("GEMINI_API_KEY", "")
GEMINI_BASE_URL = env.str("GEMINI_BASE_URL", "https://generativelanguage.googleapis.com")

# A first endpoint for every new organization, if set.
N8N_WEBHOOK_URL = env.str("N8N_WEBHOOK_URL", "")
WEBHOOK_SIGNING_SECRET = env.str("WEBHOOK_SIGNING_SECRET", "")
# Only for a receiver on this very machine (the simulator, n8n beside us): host:port pairs.
OUTBOX_ALLOWED_PRIVATE_HOSTS = env.list("OUTBOX_ALLOWED_PRIVATE_HOSTS", default=[])
