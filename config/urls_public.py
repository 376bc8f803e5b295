"""The public host: the agency's admin, sign-in, webhooks, health."""

from django.contrib import admin
from django.urls import include, path

from .metrics import metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("metrics", metrics, name="metrics"),
    path("i18n/", include("django.conf.urls.i18n")),  # the console's language menu
    path("accounts/", include("apps.organizations.accounts_urls")),
    path("", include("apps.ui.urls")),
    path("", include("apps.organizations.urls_public")),
    path("", include("apps.integrations.urls_public")),
    path("", include("apps.simulator.urls_public")),
    path("", include("apps.dashboard.urls_public")),
]
handler400 = "apps.ui.views.bad_request"
handler404 = "apps.ui.views.not_found"
handler403 = "apps.ui.views.permission_denied"
handler429 = "apps.ui.views.too_many"  # allauth asks for it by this name
handler500 = "apps.ui.views.server_error"
