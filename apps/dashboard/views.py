"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.analytics.forms import PRESETS, RangeForm
from apps.analytics.services import calendar_day
from apps.jobs import clock
from apps.organizations.access import member_required
from apps.organizations.models import Role

from .home import figures_for


def entry(_request: HttpRequest) -> HttpResponse:
    """The bare address leads to the home page."""
    return redirect("dashboard:home")


@member_required(Role.VIEWER)
def home(request: HttpRequest) -> HttpResponse:
    """What the organization's front desk brought in, over a range of days."""
    form = RangeForm(request.GET)
    days = form.range(calendar_day(clock.now()))
    context = {"form": form, "days": days, "presets": list(PRESETS.items()), **figures_for(days)}
    return render(request, "dashboard/home.html", context)
