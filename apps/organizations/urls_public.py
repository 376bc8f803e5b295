"""Addresses on the public host."""

from django.urls import path

from .views import profile

app_name = "organizations-public"
urlpatterns = [
    path("", profile.front_door, name="front-door"),
    path("organizations/", profile.mine, name="mine"),
]
