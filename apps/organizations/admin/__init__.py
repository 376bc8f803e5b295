"""The agency console: organizations, people, and what runs underneath. Staff only, on the public host only."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from . import operations, organizations, people

# Staff sign in where everybody does: with lock-out and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

__all__ = ["operations", "organizations", "people"]
