"""Django's admin, as our console: named in INSTALLED_APPS instead of `django.contrib.admin`."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "apps.organizations.console.site.Console"
