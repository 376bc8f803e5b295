"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "webhooks_outbox"
urlpatterns: list[URLPattern | URLResolver] = []
