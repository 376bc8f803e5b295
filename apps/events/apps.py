from collections.abc import Iterator

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from apps.ui.translatable import say_elsewhere


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        from .journal import TYPES

        def descriptions() -> Iterator[str]:
            autodiscover_modules("events")
            return (event.description for event in TYPES.values())

        say_elsewhere(descriptions)
