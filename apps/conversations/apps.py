from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "apps.conversations"
    label = "conversations"

    def ready(self) -> None:
        from apps.organizations import audit

        from . import models, surfaces, talks  # noqa: F401  talks: the lead's timeline shows them

        surfaces.register_all()
        # Conversations themselves have their thread and the journal.
        audit.register(models.CannedReply, exclude=["updated_at"])
        audit.register(models.MessageTemplate, exclude=["state_at"])
