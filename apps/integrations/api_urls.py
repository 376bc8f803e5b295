"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "integrations-api"
urlpatterns: list[URLPattern | URLResolver] = []
