from django.apps import AppConfig


class WebchatConfig(AppConfig):
    name = "apps.webchat"
    label = "webchat"

    def ready(self) -> None:
        from . import openapi, services  # noqa: F401  plug in
