"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "ai-api"
urlpatterns: list[URLPattern | URLResolver] = []
