from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class OrganizationsConfig(AppConfig):
    name = "apps.organizations"
    label = "organizations"
    verbose_name = _("Agency console")

    def ready(self) -> None:
        from django.conf import settings

        from apps.egress import addresses
        from apps.ui import shell

        from . import audit, checks, frame, models, openapi, signing_in  # noqa: F401 (openapi registers itself)
        from .console import telling

        shell.brand_from(frame.brand)
        shell.access_from(frame.access)
        shell.banners_from(frame.banners)
        checks.register_all()
        addresses.our_names.add(settings.BASE_DOMAIN)
        audit.start()
        telling.listen()
        signing_in.start()
        audit.register(models.Organization)
        audit.register(models.Domain)
        audit.register(models.User, exclude=["last_login", "epoch", "groups", "user_permissions"])
        audit.register(models.Membership, exclude=["epoch"])
        audit.register(models.Invitation, exclude=["token_hash", "mailed_at"])
        autodiscover_modules("health")
