from django.apps import AppConfig

from apps.ui.translatable import say_elsewhere


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        from .journal import TYPES

        say_elsewhere(lambda: (event.description for event in TYPES.values()))
