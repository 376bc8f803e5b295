"""What the demo organizations sell: `data/*.items` as rows for the catalog."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from django.db import transaction

from apps.catalog.models import Category, Item
from apps.catalog.services import index_items, save_category

DATA = Path(__file__).parent / "data"
SEED = 20_260_101
# Arabic colors agree with their noun: (masculine, feminine).
COLORS = {
    "amber": ("كهرماني", "كهرمانية"), "beige": ("بيج", "بيج"), "black": ("أسود", "سوداء"), "blue": ("أزرق", "زرقاء"),
    "brown": ("بني", "بنية"), "clear": ("شفاف", "شفافة"), "green": ("أخضر", "خضراء"), "grey": ("رمادي", "رمادية"),
    "khaki": ("كاكي", "كاكي"), "navy": ("كحلي", "كحلية"), "orange": ("برتقالي", "برتقالية"), "red": ("أحمر", "حمراء"),
    "royal blue": ("أزرق ملكي", "زرقاء ملكية"), "tan": ("عسلي", "عسلية"), "white": ("أبيض", "بيضاء"),
    "yellow": ("أصفر", "صفراء"),
}  # fmt: skip
LETTERS = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
PLUS = 10  # what sizes from 2XL on cost more


@dataclass
class Row:
    """One item before it is stored; `shelf`: the category's name."""

    shelf: str
    values: dict[str, Any]
    texts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shelf:
    name: str
    names: Mapping[str, str] = field(default_factory=dict)


def load(name: str, *, currency: str, website: str) -> int:
    """Put a catalog on its shelves, in one go; what is there already stays. Returns how many items are new."""
    shelves, rows = _READERS[name](list(_lines(name)))
    with transaction.atomic():
        known = {category.name: category for category in Category.objects.all()}
        for shelf in shelves:
            if shelf.name not in known:
                known[shelf.name] = save_category(name=shelf.name, names=shelf.names)
        there = set(Item.objects.values_list("sku", flat=True))
        items = [
            Item(
                category=known[row.shelf],
                currency=currency,
                texts=row.texts,
                url=f"{website}/{row.values['sku'].lower()}",
                **row.values,
            )
            for row in rows
            if row.values["sku"] not in there
        ]
        Item.objects.bulk_create(items)
        index_items(items)
    return len(items)


def _lines(name: str) -> Iterator[str]:
    for line in (DATA / f"{name}.items").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def _facts(text: str) -> dict[str, Any]:
    """ "toe=steel; floor=3; pets=yes; colors=moss,ink" as attributes."""
    found: dict[str, Any] = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        key, _equals, value = (part.strip() for part in pair.partition("="))
        if value.isdecimal():
            found[key] = int(value)
        elif key in ("colors", "sizes"):
            found[key] = value.split(",")
        else:
            found[key] = value
    return found


# Workwear -----------------------------------------------------------------------------------------------------------


def _workwear(lines: list[str]) -> tuple[list[Shelf], list[Row]]:
    """Every model in every color. First colors of all models come first, so that a search shows different models."""
    shelves: list[Shelf] = []
    models: list[list[Row]] = []
    chance = random.Random(SEED)  # noqa: S311  stock figures, not secrets
    section: list[str] = []
    for line in lines:
        if line.startswith("=="):
            section = _cells(line.removeprefix("=="))
            shelves.append(Shelf(section[0], {"ar": section[1]}))
        else:
            models.append(list(_colors(section, _cells(line), chance)))
    return shelves, [row for nth in zip_longest(*models) for row in nth if row is not None]


def _colors(section: list[str], model: list[str], chance: random.Random) -> Iterator[Row]:
    sizes = _sizes(model[5])
    large = [size for size in sizes if size in LETTERS[5:]]
    regular = [size for size in sizes if size not in large]
    for split in [regular, large] if len(large) > 1 else [sizes]:
        for color in (one.strip() for one in model[4].split(",")):
            yield _garment(section, model, color, split, plus=split is large, chance=chance)


def _garment(
    section: list[str], model: list[str], color: str, sizes: list[str], *, plus: bool, chance: random.Random
) -> Row:
    shelf, _shelf_ar, noun, noun_ar, gender, letters = section
    code, name, name_ar, price, _every, _range, facts, description, description_ar = model
    shade = COLORS[color][gender == "f"]
    initials = color.upper().replace(" ", "")
    numbers: list[Any] = [int(size) if size.isdecimal() else size for size in sizes]
    # Most things are there, a few run low, a few are out.
    stock = chance.choice((0, 3, 7, 12, 15, 18, 24, 36, 42, 60, 75, 90, 120, 140))
    return Row(
        shelf,
        {
            "sku": f"{letters}-{code}-{initials}{'-P' if plus else ''}",
            "name": f"{name} {noun}, {color}{', plus sizes' if plus else ''}",
            "description": description,
            "price": int(price) + PLUS * plus,
            "stock": stock,
            "attributes": {"color": color, **({"sizes": numbers} if sizes != ["one size"] else {}), **_facts(facts)},
        },
        {
            "ar": {
                "name": f"{noun_ar} {name_ar} {shade}{'، مقاسات كبيرة' if plus else ''}",
                "description": description_ar,
            }
        },
    )


def _sizes(text: str) -> list[str]:
    """ "39-47" or "S-3XL", every size of the range."""
    first, dash, last = text.partition("-")
    if not dash:
        return [text]
    if first.isdecimal():
        step = 10 if int(last) > 60 else 2 if int(first) in (28, 30) else 1
        return [str(size) for size in range(int(first), int(last) + 1, step)]
    return list(LETTERS[LETTERS.index(first) : LETTERS.index(last) + 1])


# Property -----------------------------------------------------------------------------------------------------------

_KINDS = {
    "apartment": "Apartments", "penthouse": "Apartments", "studio": "Apartments", "house": "Houses", "villa": "Houses",
    "bungalow": "Houses", "office": "Business premises", "shop": "Business premises", "plot": "Land",
}  # fmt: skip


def _estate(lines: list[str]) -> tuple[list[Shelf], list[Row]]:
    return [Shelf(name) for name in dict.fromkeys(_KINDS.values())], [_property(_cells(line)) for line in lines]


def _property(cells: list[str]) -> Row:
    reference, kind, district, bedrooms, bathrooms, area, deal, price, facts, description = cells
    rooms = f"{bedrooms}-bedroom {kind}" if bedrooms != "0" else kind.capitalize()
    renting = deal == "rent"
    attributes = {
        "district": district,
        "type": kind,
        "deal": "to rent" if renting else "for sale",
        "area": f"{area} sq m",
        **({"bedrooms": int(bedrooms)} if bedrooms != "0" else {}),
        **({"bathrooms": int(bathrooms)} if bathrooms != "0" else {}),
        **_facts(facts),
    }
    # People say flat, let, lease, buy: the words they search by stand in the description.
    said = "To let, per month." if renting else "For sale: to buy."
    flat = " A flat." if kind in ("apartment", "studio", "penthouse") else ""
    return Row(
        _KINDS[kind],
        {
            "sku": reference,
            "kind": Item.Kind.PROPERTY,
            "name": f"{rooms}, {district}, {area} sq m, {'to rent' if renting else 'for sale'}",
            "description": f"{description}{flat} {said}",
            "price": int(price),
            "attributes": attributes,
        },
    )


# Bags ---------------------------------------------------------------------------------------------------------------


def _bags(lines: list[str]) -> tuple[list[Shelf], list[Row]]:
    rows = []
    for line in lines:
        sku, shelf, name, price, stock, facts, description = _cells(line)
        values = {
            "sku": sku,
            "name": name,
            "description": description,
            "price": int(price),
            "stock": int(stock),
            "attributes": _facts(facts),
        }
        rows.append(Row(shelf, values))
    return [Shelf(name) for name in dict.fromkeys(row.shelf for row in rows)], rows


_READERS: dict[str, Callable[[list[str]], tuple[list[Shelf], list[Row]]]] = {
    "workwear": _workwear,
    "estate": _estate,
    "bags": _bags,
}
