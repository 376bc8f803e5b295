from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "apps.organizations"
    label = "organizations"

    def ready(self) -> None:
        from apps.ui import shell

        from . import frame

        shell.brand_from(frame.brand)
        shell.access_from(frame.access)
        shell.banners_from(frame.banners)
