"""Addresses of the AI's API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.ai import api

app_name = "ai-api"
router = SimpleRouter(use_regex_path=False)
router.register("ai/intents", api.IntentView, basename="intent")
router.register("ai/notes", api.NoteView, basename="note")
router.register("ai/generations", api.GenerationView, basename="generation")
urlpatterns = [
    path("ai/persona/", api.PersonaView.as_view(), name="persona"),
    path("", include(router.urls)),
]
