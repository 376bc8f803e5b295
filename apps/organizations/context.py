"""What every template knows of the organization."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from .access import role_of


def organization(request: HttpRequest) -> dict[str, Any]:
    """organization, membership, role, staff_entry; all None on the public host."""
    return {
        "organization": getattr(request, "tenant", None),
        "membership": getattr(request, "membership", None),
        "role": role_of(request),
        "staff_entry": getattr(request, "staff_entry", None),
    }
