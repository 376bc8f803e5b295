from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Every app offers its handlers of jobs in tasks.py and its handlers of facts in handlers.py.
        autodiscover_modules("tasks", "handlers")
