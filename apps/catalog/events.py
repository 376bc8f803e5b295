"""Facts about what is sold."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class ItemCreated(Event):
    type: ClassVar[str] = "item.created"
    description: ClassVar[str] = "An item was added to the catalog."
    example: ClassVar[dict[str, object]] = {
        "item_id": 12,
        "sku": "WW-1001",
        "name": "Safety boot S3",
        "price": "89.00",
        "currency": "AED",
    }

    item_id: int
    sku: str
    name: str
    price: str | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class ItemChanged(Event):
    type: ClassVar[str] = "item.changed"
    description: ClassVar[str] = "What an item says about itself was edited; `changed` names the fields."
    example: ClassVar[dict[str, object]] = {
        "item_id": 12,
        "sku": "WW-1001",
        "changed": ["name", "price"],
        "price": "79.00",
        "currency": "AED",
    }

    item_id: int
    sku: str
    changed: list[str]
    price: str | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class ItemStockChanged(Event):
    type: ClassVar[str] = "item.stock_changed"
    description: ClassVar[str] = "The number in stock changed; null means it is not counted."
    example: ClassVar[dict[str, object]] = {"item_id": 12, "sku": "WW-1001", "stock": 40, "before": 2}

    item_id: int
    sku: str
    stock: int | None
    before: int | None


@dataclass(frozen=True, kw_only=True)
class ItemArchived(Event):
    type: ClassVar[str] = "item.archived"
    description: ClassVar[str] = "An item is no longer offered; it can be restored."
    example: ClassVar[dict[str, object]] = {"item_id": 12, "sku": "WW-1001"}

    item_id: int
    sku: str


@dataclass(frozen=True, kw_only=True)
class ItemRestored(Event):
    type: ClassVar[str] = "item.restored"
    description: ClassVar[str] = "An archived item is offered again."
    example: ClassVar[dict[str, object]] = {"item_id": 12, "sku": "WW-1001"}

    item_id: int
    sku: str
