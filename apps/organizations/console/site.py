"""The console: Django's admin in Frontdesk's own shell, with none of Django's scripts and styles."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver

from . import overview

# Answered elsewhere (passwords) or by nothing here: pop-ups, scripts, a list of tables.
_NOT_OURS = {"password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site", "app_list"}


class Console(admin.AdminSite):
    """Registrations, rights and forms are Django's; every page is drawn by templates/admin with the shell's parts."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Libraries bring pages of their own, in Django's clothes and without a right of ours: those stay out."""
        if hasattr(admin_class, "sees"):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [one for one in super().get_urls() if getattr(one, "name", None) not in _NOT_OURS]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"has_permission": self.has_permission(request)}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff sign in where everybody does: with lock-out and second factor."""
        return secure_admin_login(super().login)(request, extra_context)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_logout")

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        return TemplateResponse(request, "admin/index.html", {**self.each_context(request), **overview.page(request)})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("admin:index")
