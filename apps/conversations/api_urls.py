"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "conversations-api"
urlpatterns: list[URLPattern | URLResolver] = []
