"""Addresses."""

from django.urls import path

from . import views

app_name = "dashboard"
urlpatterns = [
    path("", views.entry, name="entry"),
    path("dashboard/", views.home, name="home"),
    path("dashboard/search/", views.search, name="search"),
    path("dashboard/trace/<uuid:trace_id>/", views.trace, name="trace"),
]
