"""The console's lists and forms as data for its templates: what Django's admin knows, said with our components."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import date_hierarchy, result_headers
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Field
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.ui import phrases
from apps.ui.templatetags.ui import badge, exact, timeago, usertext

register = template.Library()
NOTHING = "–"
_FIGURES = (int, float, Decimal)


def say(value: Any, field: Field[Any, Any] | None = None, *, precisely: bool = False) -> SafeString | str:
    """A value as people read it; `precisely`: the time itself, not how long ago."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, SafeString):
        return value
    if isinstance(value, bool):
        return badge(_("Yes"), "good", "check") if value else badge(_("No"), "neutral", "x")
    if isinstance(value, datetime):
        return exact(value) if precisely else timeago(value)
    if isinstance(value, date):
        return exact(value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return phrases.number(value) if isinstance(value, _FIGURES) else usertext(value)


def _looked_up(name: str, row: Any, model_admin: Any) -> tuple[Any, Any]:
    try:
        field, _attribute, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return None, None
    if field is not None and field.is_relation:
        value = getattr(row, field.name)
    return field, value


# Lists


@register.simple_tag
def console_list(cl: Any, request: Any) -> dict[str, Any]:
    """Columns, rows, filters and pages of a list."""
    columns = [header for header in result_headers(cl) if "action-checkbox" not in str(header.get("class_attrib", ""))]
    names = [name for name in cl.list_display if name != "action_checkbox"]
    rows = [_row(cl, row, names, columns) for row in cl.result_list]
    figures = [bool(rows) and rows[0]["cells"][n]["figure"] for n in range(len(names))]
    return {
        "columns": [{**column, "figure": figure} for column, figure in zip(columns, figures, strict=True)],
        "rows": rows,
        "acts": [
            {"name": name, "label": one.short_description, "icon": one.icon}
            for name, (one, _name, _label) in cl.model_admin.get_actions(request).items()
        ],
        "chips": [*_chips(cl)],
        "narrowed": bool(cl.query or cl.has_active_filters or cl.get_filters_params()),
        "next": cl.get_query_string({PAGE_VAR: cl.page_num + 1}) if cl.page_num < cl.paginator.num_pages else "",
        "previous": cl.get_query_string({PAGE_VAR: cl.page_num - 1}) if cl.page_num > 1 else "",
        "kept": [(name, value) for name, value in cl.params.items() if name not in (SEARCH_VAR, PAGE_VAR)],
    }


def _row(cl: Any, row: Any, names: list[str], columns: list[dict[str, Any]]) -> dict[str, Any]:
    cells = []
    for name, column in zip(names, columns, strict=True):
        field, value = _looked_up(name, row, cl.model_admin)
        figure = isinstance(value, _FIGURES) and not isinstance(value, bool) and not (field and field.choices)
        cells.append({"label": column["text"], "said": say(value, field), "figure": figure})
    return {"pk": row.pk, "name": cl.model_admin.name_of(row), "href": cl.url_for_result(row), "cells": cells}


def _chips(cl: Any) -> Iterator[dict[str, Any]]:
    """Filters that read as a sentence; of each the first choice is "all"."""
    for spec in cl.filter_specs:
        every, *some = list(spec.choices(cl))
        choices = [{"label": one["display"], "href": one["query_string"], "current": one["selected"]} for one in some]
        yield _chip(spec.title, choices, clear=every["query_string"])
    days = date_hierarchy(cl)
    if days and days.get("show"):
        back = days["back"]
        choices = [{"label": one["title"], "href": one.get("link", "")} for one in days["choices"]]
        chip = _chip(_("day"), [one for one in choices if one["href"]], clear=back["link"] if back else "")
        yield {
            **chip,
            "chosen": days["choices"][0]["title"] if back and len(choices) == 1 else "",
            "any_label": _("any"),
        }


def _chip(label: Any, choices: list[dict[str, Any]], *, clear: str) -> dict[str, Any]:
    chosen = next((one["label"] for one in choices if one.get("current")), "")
    return {
        "label": phrases.capital(str(label)),
        "chosen": chosen,
        "any_label": _("any"),
        "choices": choices,
        "clear": clear,
    }


# Forms


@register.simple_tag
def console_fieldsets(adminform: Any) -> list[dict[str, Any]]:
    """Fieldsets as [{"name", "fixed", "fields"}]; a fixed one holds nothing to change."""
    found = []
    for fieldset in adminform:
        fields = [_field(one) for line in fieldset for one in line]
        found.append({"name": fieldset.name, "fields": fields, "fixed": all("said" in one for one in fields)})
    return found


def _field(shown: Any) -> dict[str, Any]:
    if not getattr(shown, "is_readonly", False):
        return {"bound": shown.field}
    name = shown.field["field"]
    field, value = _looked_up(name, shown.form.instance, shown.model_admin)
    label = shown.field["label"] or label_for_field(name, shown.form._meta.model, shown.model_admin)
    return {"label": phrases.capital(str(label)), "said": say(value, field, precisely=True)}


@register.simple_tag
def console_rows(inline: Any) -> list[dict[str, Any]]:
    """The rows of an inline formset, without the invisible one that Django's scripts copy."""
    rows = [one for one in inline if one.form.prefix != inline.formset.empty_form.prefix]
    return [
        {
            "form": one,
            "row": one.original,
            "fields": [_field(cell) for fieldset in one for line in fieldset for cell in line],
        }
        for one in rows
    ]
