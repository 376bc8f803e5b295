"""Addresses of the API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .api import AccountViewSet, KeptViewSet, connect_views

app_name = "integrations-api"
router = SimpleRouter()
router.register("channels/kept", KeptViewSet, basename="kept")
router.register("channels", AccountViewSet)
urlpatterns = [
    *(path(f"connect/{channel}/", view, name=f"connect-{channel}") for channel, view in connect_views().items()),
    path("", include(router.urls)),
]
