"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "ai"
urlpatterns: list[URLPattern | URLResolver] = []
