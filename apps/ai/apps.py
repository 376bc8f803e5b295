from django.apps import AppConfig


class AiConfig(AppConfig):
    name = "apps.ai"
    label = "ai"

    def ready(self) -> None:
        # A new organization gets its persona: the function registers itself when it is imported.
        from apps.ai import services  # noqa: F401
