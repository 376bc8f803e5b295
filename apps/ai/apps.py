from django.apps import AppConfig


class AiConfig(AppConfig):
    name = "apps.ai"
    label = "ai"

    def ready(self) -> None:
        # A new organization gets its persona: the function registers itself when it is imported.
        from apps.ai import models, services  # noqa: F401
        from apps.organizations import audit

        for model in (models.Persona, models.Intent, models.Note):
            audit.register(model, exclude=["updated_at"])
