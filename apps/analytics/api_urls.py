"""Addresses of the API."""

from django.urls import path

from .api import StatsView

app_name = "analytics-api"
urlpatterns = [path("stats/", StatsView.as_view(), name="stats")]
