"""Whatever happens in a tenant may change what the agency should see of it."""

from __future__ import annotations

from typing import Any

from apps.events import Envelope, on_everything

from . import services


@on_everything
def keep_health_fresh(_event: Any, _envelope: Envelope) -> None:
    services.refresh_health_soon()
