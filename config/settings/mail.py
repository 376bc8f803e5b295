"""System mail: invitations, password resets, alerts. (Mail to customers goes through channels.)"""

from .env import DATA_DIR, env

POSTMARK_API_TOKEN = env.str("POSTMARK_API_TOKEN", "")
DEFAULT_FROM_EMAIL = env.str("POSTMARK_FROM_EMAIL", "frontdesk@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if POSTMARK_API_TOKEN:
    EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": POSTMARK_API_TOKEN,
        "POSTMARK_API_URL": env.str("POSTMARK_API_URL", "https://api.postmarkapp.com/"),
        "REQUESTS_TIMEOUT": (3, 15),
    }
else:
    # No provider yet: mails are files that a person can open.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
