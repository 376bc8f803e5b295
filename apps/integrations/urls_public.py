"""The webhook door's addresses: one per channel, for all organizations."""

from django.urls import path

from .api import WebhookView

urlpatterns = [
    path(f"webhook/{channel}/", WebhookView.as_view(channel=channel), name=f"webhook-{channel}")
    for channel in ("facebook", "instagram", "whatsapp")
]
