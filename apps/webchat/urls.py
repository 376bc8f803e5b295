"""Addresses."""

from django.urls import path

from . import views

app_name = "webchat"
urlpatterns = [
    path("chat/", views.chat, name="chat"),
    path("widget.js", views.script, name="script"),
    path("dashboard/settings/chat/", views.settings_page, name="settings"),
    path("dashboard/settings/chat/switch/", views.switch, name="switch"),
]
