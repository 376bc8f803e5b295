"""Addresses."""

from django.urls import URLPattern, URLResolver

app_name = "leads-api"
urlpatterns: list[URLPattern | URLResolver] = []
