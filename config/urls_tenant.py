"""A tenant's host: dashboard, API, chat."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

api: list[URLPattern | URLResolver] = [
    path("", include("apps.organizations.api_urls")),
    path("", include("apps.integrations.api_urls")),
    path("", include("apps.catalog.api_urls")),
    path("", include("apps.ai.api_urls")),
    path("", include("apps.leads.api_urls")),
    path("", include("apps.conversations.api_urls")),
    path("", include("apps.webchat.api_urls")),
    path("", include("apps.webhooks_outbox.api_urls")),
    path("", include("apps.analytics.api_urls")),
    path("", include("apps.dashboard.api_urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
urlpatterns = [
    path("accounts/", include("apps.organizations.accounts_urls")),
    path("api/", include(api)),
    path("", include("apps.ui.urls")),
    path("", include("apps.organizations.urls")),
    path("", include("apps.integrations.urls")),
    path("", include("apps.catalog.urls")),
    path("", include("apps.ai.urls")),
    path("", include("apps.leads.urls")),
    path("", include("apps.conversations.urls")),
    path("", include("apps.webchat.urls")),
    path("", include("apps.webhooks_outbox.urls")),
    path("", include("apps.simulator.urls")),
    path("", include("apps.dashboard.urls")),
]
handler400 = "apps.ui.views.bad_request"
handler404 = "apps.ui.views.not_found"
handler403 = "apps.ui.views.permission_denied"
handler429 = "apps.ui.views.too_many"  # allauth asks for it by this name
handler500 = "apps.ui.views.server_error"
