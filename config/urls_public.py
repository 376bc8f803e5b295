"""The public host: the agency's admin, sign-in, webhooks and their description, health."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.organizations.openapi import PublicSchema

from .metrics import metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
    path("accounts/", include("apps.organizations.accounts_urls")),
    path(
        "api/schema/",
        SpectacularAPIView.as_view(urlconf="config.urls_public", generator_class=PublicSchema),
        name="schema",
    ),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("", include("apps.ui.urls")),
    path("", include("apps.organizations.urls_public")),
    path("", include("apps.integrations.urls_public")),
    path("", include("apps.webhooks_outbox.urls_public")),
    path("", include("apps.simulator.urls_public")),
    path("", include("apps.dashboard.urls_public")),
]
handler400 = "apps.ui.views.bad_request"
handler404 = "apps.ui.views.not_found"
handler403 = "apps.ui.views.permission_denied"
handler429 = "apps.ui.views.too_many"  # allauth asks for it by this name
handler500 = "apps.ui.views.server_error"
