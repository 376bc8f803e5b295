"""The port through which channels plug into accounts and the webhook door.

Channels live on a floor above; each registers what this floor needs of it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from apps.organizations.proof import ProvenBy

if TYPE_CHECKING:
    from .models import ConnectedAccount


# The code and the sentence of an account whose credentials none of this server's keys opens.
SEALED = "sealed"
SEALED_PROBLEM = gettext_noop(
    "The keys with which this server keeps secrets have changed, so it cannot read this account's token. "
    "Replace the token; conversations and settings are all there."
)


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What asking the platform about an account brought: fine, or what is wrong and its code.

    `owns`: the ids that were shown to be the asker's, `by` what. Nothing else that may have been answered (no answer,
    half an answer, "try later") shows anything. `refused`: these credentials are not good for this account.
    """

    ok: bool
    owns: frozenset[str] = frozenset()
    by: ProvenBy = ProvenBy.PLATFORM
    name: str = ""
    code: str = ""
    problem: str = ""
    must_reconnect: bool = False
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class Surface:
    """One channel as this floor sees it.

    `split` divides a decoded webhook body into {account id: that account's part}; entries that name no
    account come under "". `signed`: deliveries come from the platform and carry its signature.
    """

    channel: str
    label: Any  # translatable
    split: Callable[[Any], dict[str, Any]]
    verify: Callable[[Iterable[str], bytes, str], bool]
    check: Callable[[ConnectedAccount], Checkup]
    subscribe: Callable[[ConnectedAccount], Checkup]
    signed: bool = True
    account_label: Any = ""  # what the external id is called there
    account_help: Any = ""
    # Further ids that connecting may give: {settings key: label}. Those in `also_routed` get webhooks too.
    extra: dict[str, Any] = field(default_factory=dict)
    also_routed: tuple[str, ...] = ()
    settings_page: str = ""  # name of the page on which the channel itself is set up


SURFACES: dict[str, Surface] = {}


def register(surface: Surface) -> None:
    """Called once per channel while Django starts."""
    SURFACES[surface.channel] = surface
