"""The REST API and its documentation."""

from datetime import timedelta

from .env import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.organizations.authentication.ApiKeyAuthentication",
        "apps.organizations.authentication.TokenAuthentication",
        "apps.organizations.authentication.MemberSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.organizations.access.RolePermission"],
    "DEFAULT_PAGINATION_CLASS": "apps.organizations.pagination.NewestFirst",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": [
        "apps.organizations.throttling.AddressThrottle",
        "apps.organizations.throttling.CallerThrottle",
        "apps.organizations.throttling.OrganizationThrottle",
    ],
    # Per window, from its first request on; a view's own limits: see throttling.py.
    "DEFAULT_THROTTLE_RATES": {
        "address": env.str("THROTTLE_ADDRESS", "300/min"),
        "caller": env.str("THROTTLE_CALLER", "600/min"),
        "organization": env.str("THROTTLE_ORGANIZATION", "3000/min"),
        "token": env.str("THROTTLE_TOKEN", "10/min"),
        # Before a key or token is looked at: all that one address brings, and how many of them may be wrong.
        "credentials": env.str("THROTTLE_CREDENTIALS", "6000/min"),
        "wrong_credentials": env.str("THROTTLE_WRONG_CREDENTIALS", "30/min"),
    },
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.organizations.openapi.Schema",
    "EXCEPTION_HANDLER": "apps.organizations.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # As they are stored: ISO 8601 in UTC ("…Z"), whatever the organization's zone; that zone is how naive ones are read.
    "DATETIME_FORMAT": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Frontdesk API",
    "VERSION": "1",
    "DESCRIPTION": "One organization's conversations, leads, catalog, webhooks and settings. "
    "Send a JWT (`Authorization: Bearer …`) or an API key (`Authorization: Api-Key …`).",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.organizations.openapi.describe_refusals",
    ],
    "TAGS": [
        {"name": "token", "description": "Sign in for programs."},
        {"name": "leads", "description": "People who may buy, what happened with them, and forms that capture them."},
        {
            "name": "conversations",
            "description": "Threads on all channels, their messages and journeys, canned replies, templates.",
        },
        {"name": "channels", "description": "Connected accounts, and what arrived there and could not be read."},
        {"name": "chat", "description": "The website chat: what the widget asks for its visitor, and how it is set."},
        {"name": "catalog", "description": "What is sold."},
        {"name": "ai", "description": "The persona, what it knows, intents, and every answer that a model gave."},
        {"name": "webhooks", "description": "Events on their way out: endpoints and deliveries."},
        {"name": "stats", "description": "Figures over a range of days."},
        {"name": "users", "description": "Who works here, and who is invited."},
        {"name": "system", "description": "The organization, its API keys, activity log and usage."},
    ],
    # Sets of choices that several things share or that bear the same field name.
    "ENUM_NAME_OVERRIDES": {
        "LanguageEnum": [("en", "en"), ("ar", "ar")],
        "NamedLanguageEnum": "django.conf.settings.LANGUAGES",
        "EndpointStateEnum": "apps.webhooks_outbox.models.Endpoint.State",
        "DeliveryStateEnum": "apps.webhooks_outbox.models.Delivery.State",
        "ReceivedStateEnum": "apps.integrations.models.Delivery.State",
    },
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    # A program that does not come back within this time is signed out; however often it does, TOKENS_LIFETIME is all.
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "UPDATE_LAST_LOGIN": True,
}
