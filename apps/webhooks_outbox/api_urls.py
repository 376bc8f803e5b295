"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "webhooks_outbox-api"
urlpatterns: list[URLPattern | URLResolver] = []
