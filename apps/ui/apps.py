from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class UiConfig(AppConfig):
    name = "apps.ui"
    label = "ui"

    def ready(self) -> None:
        from . import navigation, shell

        shell.navigation_from(navigation.build, navigation.settings_menu)
        # Every app offers its menu entries in navigation.py.
        autodiscover_modules("navigation")
