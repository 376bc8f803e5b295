"""What all pages of the console have in common: rights per act, plain native forms, values in words, no deletion.

    class JobAdmin(ConsoleAdmin):
        sees = Can.SEE_JOBS

        @act(_("Try again now"), needs=Can.RUN_JOBS, icon="refresh")
        def again(self, request, rows): ...

An act stands in the bar under chosen rows and on a row's own page; whoever was not given its right sees it nowhere, and
the service it calls refuses them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.ui import phrases

from .. import log
from ..access import actor_of
from ..actors import Can, NotAllowed

HISTORY = 100


def act(label: Any, *, needs: Can, icon: str, when: Callable[[Any], bool] = lambda _row: True) -> Callable[..., Any]:
    """Declare something to be done with chosen rows: what it is called, the right it takes, the rows it makes sense for."""

    def declare(method: Callable[..., Any]) -> Callable[..., Any]:
        method.short_description, method.needs, method.icon, method.when = label, needs, icon, when  # type: ignore[attr-defined]
        return method

    return declare


def may(request: HttpRequest, can: Can | None) -> bool:
    return can is not None and actor_of(request).may(can)


class Plain(BaseModelAdmin):
    """Forms of native controls, for pages and for the rows inside them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.formfield_overrides = {}  # type: ignore[misc]  # no widget of Django's admin: they want its scripts

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        inner = getattr(field and field.widget, "widget", None)
        if inner is not None and field is not None:  # what wraps it opens pop-ups
            field.widget = inner
        return field


class ConsoleAdmin(Plain, admin.ModelAdmin):
    """One kind of row. `sees`, `makes`, `changes`: the rights for looking, for making, for saving its form."""

    sees: Can
    makes: Can | None = None
    changes: Can | None = None
    heads: Any = ""  # the heading of the list, where it is not the model's plural
    explains: Any = ""  # one sentence under the heading of the list
    makes_label: Any = ""  # of the button that makes one
    looks_for: Any = ""  # what is said in the search box
    empty_icon = "inbox"
    empty_title: Any = ""
    empty_text: Any = ""
    has_history = False  # whether the log tells of such rows
    actions: Any = ()
    list_per_page = 50
    show_full_result_count = False
    save_on_top = False
    view_on_site = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.sees)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, self.sees) and may(request, self.makes)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.sees) and may(request, self.changes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted here: what is over is switched off, and its history stays."""
        return False

    # Acts

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found = {name: getattr(type(self), name) for name in self.actions}
        return {
            name: (one, name, one.short_description) for name, one in found.items() if may(request, one.needs)
        }  # fmt: skip

    def acts_on(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """What can be done with this one row now, for its own page."""
        return [
            {"name": name, "label": one.short_description, "icon": one.icon}
            for name, (one, _name, _label) in self.get_actions(request).items()
            if one.when(row)
        ]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        response = super().response_action(request, queryset, *args)
        page = request.POST.get("page", "")
        if isinstance(response, HttpResponseRedirect) and page.isdecimal():  # it was pressed on the row's own page
            return redirect(self.page_of(int(page)))
        return response

    def each(self, request: HttpRequest, rows: Iterable[Any], do: Callable[[Any], Any]) -> int:
        """Do it with every row; what stands in the way of one is said and does not keep the others."""
        done = 0
        for row in rows:
            try:
                do(row)
            except (ValidationError, NotAllowed) as refused:
                messages.warning(request, " ".join(getattr(refused, "messages", [str(refused)])))
            else:
                done += 1
        return done

    def name_of(self, row: Any) -> str:
        """How a row is called on pages."""
        return str(row)

    @property
    def heading(self) -> str:
        return phrases.capital(str(self.heads or self.opts.verbose_name_plural))

    # Forms

    def page_of(self, pk: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """What a form declares and this page does not show is not asked, either."""
        form = super().get_form(request, obj, change, **kwargs)
        for name in set(form.declared_fields) - set(flatten_fieldsets(self.get_fieldsets(request, obj))):
            form.base_fields.pop(name, None)
        return form

    def changeform_view(self, request: HttpRequest, object_id: Any = None, *args: Any, **more: Any) -> HttpResponse:
        """What a service refuses at the last moment (somebody else was faster) is said, and nothing is saved."""
        try:
            return super().changeform_view(request, object_id, *args, **more)
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect(request.path)

    def render_change_form(  # type: ignore[override]
        self, request: HttpRequest, context: dict[str, Any], **more: Any
    ) -> HttpResponse:
        row = more.get("obj")
        context["acts"] = self.acts_on(request, row) if row is not None else []
        context["may_see_history"] = row is not None and self.has_history and may(request, Can.SEE_LOG)
        context |= {"heading": self.heading, "name": self.name_of(row) if row is not None else ""}
        response = super().render_change_form(request, context, **more)
        if request.method == "POST":
            response.status_code = 422
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("Saved."))
        return redirect(self.page_of(obj.pk))

    # One log for everything: the audit log. Django's own about its admin stays empty.

    def log_addition(self, *_args: Any) -> None:  # type: ignore[override]
        pass

    def log_change(self, *_args: Any) -> None:  # type: ignore[override]
        pass

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_history:
            raise Http404
        if not self.has_view_permission(request, row) or not may(request, Can.SEE_LOG):
            raise PermissionDenied
        context = {
            "title": _("History"),
            "opts": self.opts,
            "original": row,
            "name": self.name_of(row),
            "rows": log.told(log.about(row)[:HISTORY]),
        }
        return TemplateResponse(
            request, "admin/object_history.html", {**self.admin_site.each_context(request), **context}
        )

    @property
    def media(self) -> forms.Media:
        return forms.Media()


class Rows(Plain, admin.TabularInline):
    """Rows of another kind inside a page: a small table with one empty line for a new one."""

    sees: Can
    changes: Can
    explains: Any = ""
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.sees)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.changes)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.changes)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @property
    def media(self) -> forms.Media:
        return forms.Media()
