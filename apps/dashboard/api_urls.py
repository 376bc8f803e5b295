"""Addresses of the API."""

from django.urls import path

from .api import TraceView

app_name = "dashboard-api"
urlpatterns = [path("trace/<uuid:trace_id>/", TraceView.as_view(), name="trace")]
