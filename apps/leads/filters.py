"""One set of filters for list, board and API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from . import queries
from .models import Activity, Label, Lead, Priority, Stage, Tag


class LeadFilter(filters.FilterSet):
    q = filters.CharFilter(
        method="by_words", label=_("Words in name, company, address, number or handle"), max_length=200
    )
    stage = filters.MultipleChoiceFilter(choices=Stage.choices)
    label = filters.MultipleChoiceFilter(choices=Label.choices)
    priority = filters.MultipleChoiceFilter(choices=Priority.choices)
    owner = filters.CharFilter(method="by_owner", label=_("A member's id, me, or none"), max_length=20)
    tag = filters.CharFilter(method="by_tag", label=_("A tag's name"), max_length=50)
    channel = filters.CharFilter(method="by_value", max_length=20)
    source = filters.CharFilter(method="by_value", max_length=20)
    created_after = filters.DateFilter(field_name="created_at", lookup_expr="date__gte")
    active_before = filters.DateFilter(method="by_quiet", label=_("Nothing happened since before this day"))
    created_before = filters.DateFilter(field_name="created_at", lookup_expr="date__lte")

    class Meta:
        model = Lead
        fields: list[str] = []

    def by_words(self, rows: QuerySet[Lead], _name: str, value: str) -> QuerySet[Lead]:
        return queries.search(rows, value)

    def by_owner(self, rows: QuerySet[Lead], _name: str, value: str) -> QuerySet[Lead]:
        if value == "none":
            return rows.filter(owner=None)
        if value == "me":
            value = str(getattr(self.request.user, "pk", None) or "") if self.request else ""
        known = value.isascii() and value.isdigit() and len(value) < 18
        return rows.filter(owner_id=int(value)) if known else rows.none()

    def by_tag(self, rows: QuerySet[Lead], _name: str, value: str) -> QuerySet[Lead]:
        # By its id: then it is known how many have this very tag, and the planner goes the shorter way.
        tag = Tag.objects.filter(name=queries.said(value)).values_list("pk", flat=True).first()
        return rows.filter(tags=tag) if tag else rows.none()

    def by_quiet(self, rows: QuerySet[Lead], _name: str, value: date) -> QuerySet[Lead]:
        return queries.quiet_since(rows, value)

    def by_value(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return rows.filter(**{name: queries.said(value)})


class ActivityFilter(filters.FilterSet):
    lead = filters.NumberFilter(field_name="lead_id", min_value=1, max_value=2**62)
    kind = filters.MultipleChoiceFilter(choices=Activity.Kind.choices)

    class Meta:
        model = Activity
        fields: list[str] = []


def chosen(request: Any, rows: QuerySet[Lead]) -> QuerySet[Lead]:
    """For pages: what the address asks for; a value that makes no sense filters nothing."""
    if not request.GET.keys() & LeadFilter.base_filters.keys():
        return rows
    found = LeadFilter(request.GET, queryset=rows, request=request)
    if found.is_valid():
        valid: QuerySet[Lead] = found.qs
        return valid
    good = {name: request.GET.getlist(name) for name in found.filters if name not in found.form.errors}
    data = request.GET.copy()
    for name in list(data):
        if name not in good:
            data.pop(name)
    again = LeadFilter(data, queryset=rows, request=request)
    return again.qs if again.is_valid() else rows
