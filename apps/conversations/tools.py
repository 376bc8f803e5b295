"""The tools of one conversation. Whom they are about is fixed here; no argument can point anywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.ai.providers import ToolSpec
from apps.ai.queries import persona
from apps.ai.tools import TOOLS, toolset, validate
from apps.catalog import queries as catalog
from apps.catalog.models import Item
from apps.leads import services as leads
from apps.organizations.queries import absolute
from apps.ui.text import normalize

from . import own_details
from .adapters import Card
from .models import Conversation

log = structlog.get_logger(__name__)

DESCRIBED = 300  # characters of a description that go with a row
FOUND = 8  # rows a search gives back unless asked for another number
CARDS = 5


@dataclass(frozen=True)
class HandOff:
    """The assistant wants a person to go on. `reason`: an Escalation."""

    reason: str
    note: str = ""


@dataclass
class Toolbox:
    """Runs calls for the person of one conversation and remembers what they brought."""

    conversation: Conversation
    language: str
    hand_off: HandOff | None = None
    found: dict[str, Item] = field(default_factory=dict)
    sought: str = ""

    def offered(self) -> tuple[ToolSpec, ...]:
        """The tools with this catalog's categories in them."""
        names = [category.text(self.language) for category in catalog.categories()[:60]]
        return toolset(categories=names)

    def run(self, name: str, arguments: Any) -> dict[str, Any]:
        """The result of one call; whatever was asked, this never raises."""
        spec = TOOLS.get(name)
        if spec is None:
            return {"error": "There is no such tool."}
        if problems := validate(spec, arguments):
            return {"error": " ".join(problems)}
        try:
            with transaction.atomic():
                return dict(getattr(self, f"_{name}")(**arguments))
        except ValidationError as error:
            return {"error": " ".join(error.messages)[:500]}
        except Exception:
            log.exception("tool.failed", tool=name, conversation=self.conversation.pk)
            return {"error": "This did not work; answer without it or hand off."}

    def _search_catalog(
        self, query: str, limit: int = FOUND, category: str = "", attributes: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        self.sought = query or category
        filters = {"category": category or None, "language": self.language, "limit": limit + 1, **more}
        items = catalog.search(query, attributes=attributes, **filters)
        if attributes and not items:
            # Named otherwise here ("colour"): as words they find what has most of them.
            items = catalog.search(" ".join([query, *map(str, attributes.values())]), **filters)
        for item in items[:limit]:
            self.found[item.sku] = item
        return {"items": [self._row(item) for item in items[:limit]], "total": len(items)}

    def _row(self, item: Item) -> dict[str, Any]:
        facts = catalog.card(item, self.language)["facts"]
        names = {
            code: texts["name"] for code, texts in item.texts.items() if isinstance(texts, dict) and texts.get("name")
        }
        more = {"kind": item.kind, "names": names, "description": item.text(self.language, "description")[:DESCRIBED]}
        return {**{key: value for key, value in facts.items() if key != "item_id"}, **more}

    def _capture_lead(self, interest: str = "", **details: str) -> dict[str, Any]:
        lead, identity = self.conversation.lead, self.conversation.identity
        own, others = own_details.sift(self.conversation, details)
        introduced = own_details.is_introduced(self.conversation, own.get("name", ""))
        result = leads.capture(lead, interest=interest, identity=identity, introduced=introduced, **own)
        result["rejected"] |= others
        wanted = [name for name in persona().collect if name in {"name", "email", "phone"}]
        if wanted and all(identity.told.get(name) for name in wanted):
            leads.advance_stage(lead, "qualified", reason="left their details", actor="bot")
        return {**result, "ok": not result["rejected"]}

    def _set_stage(self, stage: str, reason: str = "") -> dict[str, Any]:
        leads.advance_stage(self.conversation.lead, stage, reason=reason, actor="bot")
        return {"ok": True, "stage": stage}

    def _hand_off(self, reason: str, note: str = "") -> dict[str, Any]:
        self.hand_off = HandOff(reason, note)
        return {"ok": True}

    def rows(self) -> list[dict[str, Any]]:
        """What was found, small enough to be kept with the answer."""
        return [self._row(item) for item in list(self.found.values())[:FOUND]]

    def cards(self, reply: str) -> tuple[Card, ...]:
        """Cards of the items that the reply names, in its order."""
        return tuple(self._card(item) for item in self._named(reply)[:CARDS])

    def wish(self, reply: str) -> str:
        """What the customer is after: what the reply names to them, else what was looked for."""
        return self._named(reply)[0].name if self._named(reply) else self.sought

    def _named(self, reply: str) -> list[Item]:
        said = normalize(reply)
        named = []
        for item in self.found.values():
            places = [said.find(normalize(name)) for name in {item.text(self.language), item.name} if name]
            place = min((one for one in places if one >= 0), default=-1)
            if place >= 0:
                named.append((place, item))
        return [item for _place, item in sorted(named, key=lambda pair: pair[0])]

    def _card(self, item: Item) -> Card:
        shown = catalog.card(item, self.language)
        subtitle = (
            shown["subtitle"].removeprefix(shown["price"]).removeprefix(" · ") if shown["price"] else shown["subtitle"]
        )
        return Card(
            title=shown["title"],
            subtitle=subtitle,
            price=shown["price"],
            image_url=absolute(shown["image_url"]),
            url=absolute(shown["url"]),
        )
