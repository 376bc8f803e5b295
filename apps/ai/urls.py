"""Addresses of the persona's pages."""

from django.urls import path

from apps.ai import views

app_name = "ai"
urlpatterns = [
    path("dashboard/ai/", views.persona, name="persona"),
    path("dashboard/ai/save/", views.save_persona, name="save_persona"),
    path("dashboard/ai/knowledge/", views.note_list, name="notes"),
    path("dashboard/ai/knowledge/new/", views.note_new, name="note_new"),
    path("dashboard/ai/knowledge/<int:note_id>/", views.note_edit, name="note"),
    path("dashboard/ai/knowledge/<int:note_id>/delete/", views.note_delete, name="note_delete"),
    path("dashboard/ai/intents/", views.intent_list, name="intents"),
    path("dashboard/ai/intents/try/", views.try_intents, name="try"),
    path("dashboard/ai/intents/new/", views.intent_new, name="intent_new"),
    path("dashboard/ai/intents/<int:intent_id>/", views.intent_edit, name="intent"),
    path("dashboard/ai/intents/<int:intent_id>/delete/", views.intent_delete, name="intent_delete"),
    path("dashboard/ai/generations/", views.generation_list, name="generations"),
    path("dashboard/ai/generations/<uuid:generation_id>/", views.generation, name="generation"),
]
