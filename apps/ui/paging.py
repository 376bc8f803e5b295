"""Cursor pagination for pages: the cost of page 1,000 is that of page 1, and nothing shifts while you read.

    page = paginate(queryset, request.GET.get("cursor"), order=("-last_message_at", "-id"), size=50)
    {% for item in page %}…{% endfor %}  {% pages page %}

`order` names plain, non-null columns, all ascending or all descending, and ends with a unique one.
A cursor that is not ours is treated as none: the reader lands on the first page.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Q, QuerySet


@dataclass
class Page:
    items: list[Any]
    next_cursor: str = ""
    previous_cursor: str = ""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_other_pages(self) -> bool:
        return bool(self.next_cursor or self.previous_cursor)


def paginate(rows: QuerySet[Any], cursor: str | None = "", *, order: Sequence[str], size: int = 50) -> Page:
    names = [name.lstrip("-") for name in order]
    descending = order[0].startswith("-")
    if any(name.startswith("-") != descending for name in order):
        raise ValueError("paginate() orders all columns the same way")
    backward, position = _read(cursor, rows, names)
    flip = descending != backward
    everything = rows
    if position is not None:
        rows = rows.filter(_beyond(names, position, smaller=flip))
    found = list(rows.order_by(*(F(n).desc() if flip else F(n).asc() for n in names))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backward and not found:  # what stood before us is gone: start again
        return paginate(everything, "", order=order, size=size)
    if backward:
        found.reverse()
    has_next, has_previous = (True, more) if backward else (more, position is not None)
    return Page(
        items=found,
        next_cursor=_write("n", found[-1], names) if has_next and found else "",
        previous_cursor=_write("p", found[0], names) if has_previous and found else "",
    )


def first_page(found: list[Any], *, order: Sequence[str], size: int) -> Page:
    """Of up to `size` + 1 rows that were found in this order otherwise; `paginate` goes on from its cursor."""
    shown, names = found[:size], [name.lstrip("-") for name in order]
    return Page(items=shown, next_cursor=_write("n", shown[-1], names) if len(found) > size else "")


def _beyond(names: list[str], position: list[Any], *, smaller: bool) -> Q:
    """(a, b) < (x, y) as a < x or (a = x and b < y), led by a plain a <= x that an index can use."""
    step, bound = ("lt", "lte") if smaller else ("gt", "gte")
    condition = Q()
    for i, name in enumerate(names):
        equal = Q(**dict(zip(names[:i], position[:i], strict=True)))
        condition |= equal & Q(**{f"{name}__{step}": position[i]})
    return Q(**{f"{names[0]}__{bound}": position[0]}) & condition


def _read(cursor: str | None, rows: QuerySet[Any], names: list[str]) -> tuple[bool, list[Any] | None]:
    if not cursor or len(cursor) > 500:
        return False, None
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        side, *values = raw
        if side not in ("n", "p") or len(values) != len(names):
            return False, None
        fields = [rows.model._meta.get_field(name) for name in names]
        return side == "p", [_sound(f.to_python(v)) for f, v in zip(fields, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, ValidationError, FieldDoesNotExist, RecursionError, OverflowError):
        return False, None


def _sound(value: Any) -> Any:
    """What PostgreSQL can be asked about, or ValueError."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without its zone")
    if isinstance(value, str) and b"\0" in value.encode():  # encode() refuses lone surrogates
        raise ValueError("a null byte")
    if value is None:
        raise ValueError("nothing")
    return value


def _write(side: str, row: Any, names: list[str]) -> str:
    raw = json.dumps([side, *(str(getattr(row, name)) for name in names)], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
