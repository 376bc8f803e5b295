"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.organizations.access import member_required
from apps.organizations.models import Role


def entry(request: HttpRequest) -> HttpResponse:
    """The bare address leads to the home page."""
    return redirect("dashboard:home")


@member_required(Role.VIEWER)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/home.html")
