"""Addresses of the API."""

from django.urls import path

from . import api

app_name = "webchat-api"
urlpatterns = [
    path("chat/", api.ThreadView.as_view(), name="thread"),
    path("chat/visitors/", api.VisitorsView.as_view(), name="visitors"),
    path("chat/messages/", api.MessagesView.as_view(), name="messages"),
    path("chat/read/", api.ReadView.as_view(), name="read"),
    path("chat/typing/", api.TypingView.as_view(), name="typing"),
    path("chat/files/", api.FilesView.as_view(), name="files"),
    path("chat/widget/", api.WidgetView.as_view(), name="widget"),
]
