"""Addresses of the API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .api import DeliveryViewSet, EndpointViewSet, EventTypesView

app_name = "webhooks_outbox-api"
router = SimpleRouter()
router.register("endpoints", EndpointViewSet)
router.register("deliveries", DeliveryViewSet)
urlpatterns = [
    path("webhooks/events/", EventTypesView.as_view(), name="events"),
    path("webhooks/", include(router.urls)),
]
