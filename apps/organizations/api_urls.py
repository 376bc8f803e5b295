"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "organizations-api"
urlpatterns: list[URLPattern | URLResolver] = []
