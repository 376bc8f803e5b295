"""People and sign-in."""

from datetime import timedelta

from .env import env

AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "apps.simulator.passwords.NotPublished"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_FORMS = {"reset_password": "apps.organizations.forms.ResetPasswordForm"}
ACCOUNT_ADAPTER = "apps.organizations.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Nobody learns from us, not even by mail, whether somebody has an account.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True  # "your password was changed", to the person it concerns
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
# After five wrong passwords for one address, that address waits five minutes: the lock-out.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/m/ip,5/300s/key",
    "login": "60/m/ip",
    "reset_password": "20/m/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "apps.organizations.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Frontdesk"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# How long somebody stays signed in: unused, and however often they come. Staff at the console less long.
SESSION_IDLE = timedelta(hours=env.int("SESSION_IDLE_HOURS", 72))
SESSION_LIFETIME = timedelta(days=env.int("SESSION_DAYS", 14))
CONSOLE_IDLE = timedelta(minutes=env.int("CONSOLE_IDLE_MINUTES", 60))
CONSOLE_LIFETIME = timedelta(hours=env.int("CONSOLE_HOURS", 12))
TOKENS_LIFETIME = timedelta(days=env.int("TOKENS_DAYS", 90))
SESSION_COOKIE_AGE = int(SESSION_LIFETIME.total_seconds())
# Staff sets up a second factor before the console opens; without it only for trying the product on one's own machine.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", True)

# How many proxies of ours stand in front and write X-Forwarded-For; 0: nobody's word is taken for an address.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
