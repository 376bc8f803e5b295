from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "apps.simulator"
    label = "simulator"

    def ready(self) -> None:
        from . import checks

        checks.register_all()
