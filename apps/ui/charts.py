"""Charts as plain SVG made on the server: no script, no weight, the same in print, dark and right-to-left.

The drawing stretches to its box and holds no text, so it can be mirrored for right-to-left; words stand beside it in
HTML. Bars and areas start at zero. Color n means series n, and callers keep the same series at the same n everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apps.ui import phrases

WIDTH, HEIGHT = 1000, 200
COLORS = 6
Number = float | int


@dataclass
class Series:
    label: str
    values: Sequence[Number | None]
    color: int = 0  # 1…6; 0 = by position


@dataclass
class Chart:
    """`labels` name the points along the bottom; `format` is number, money, percent or duration (see {% figure %})."""

    title: str
    labels: Sequence[Any]
    series: Sequence[Series]
    kind: str = "line"  # line or bar (bars stack)
    format: str = "number"
    currency: str = "USD"
    empty: str = ""
    height: int = field(default=HEIGHT, init=False)
    width: int = field(default=WIDTH, init=False)

    def __post_init__(self) -> None:
        for position, series in enumerate(self.series):
            series.color = series.color or position % COLORS + 1

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.series for value in series.values)

    @cached_property
    def top(self) -> float:
        if self.kind == "bar":
            peak = max((sum(self._at(s, i) for s in self.series) for i in range(len(self.labels))), default=0)
        else:
            peak = max((self._at(s, i) for s in self.series for i in range(len(self.labels))), default=0)
        return nice_ceiling(peak, whole=self.format in {"number", "duration"})

    @property
    def ticks(self) -> list[float]:
        return [self.top, self.top / 2, 0]

    @property
    def edge_labels(self) -> list[Any]:
        """At most five labels, the first and last always among them."""
        count = len(self.labels)
        if count <= 5:
            return list(self.labels)
        steps = 4 if (count - 1) % 4 == 0 else 3 if (count - 1) % 3 == 0 else 2 if (count - 1) % 2 == 0 else 1
        return [self.labels[i * (count - 1) // steps] for i in range(steps + 1)]

    @property
    def legend(self) -> list[dict[str, Any]]:
        """Each series with its sum over the range: the direct label."""
        return [
            {"label": s.label, "color": s.color, "total": sum(v or 0 for v in s.values), "last": self._last(s)}
            for s in self.series
        ]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The same figures in words, for the table behind the chart."""
        return [
            {"label": label, "figures": [self.figure(s.values[i] if i < len(s.values) else None) for s in self.series]}
            for i, label in enumerate(self.labels)
        ]

    def figure(self, value: Number | None) -> str:
        return phrases.figure(value, self.format, self.currency)

    @property
    def lines(self) -> list[dict[str, Any]]:
        shapes = []
        for series in self.series:
            points = [(self._x(i), self._y(value)) for i, value in enumerate(series.values) if value is not None]
            path = " ".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(points))
            area = f"{path} L{points[-1][0]:g} {HEIGHT} L{points[0][0]:g} {HEIGHT} Z" if points else ""
            shapes.append({"color": series.color, "path": path, "area": area if len(self.series) == 1 else ""})
        return shapes

    @property
    def bars(self) -> list[dict[str, Any]]:
        count = max(1, len(self.labels))
        slot = WIDTH / count
        wide = max(2.0, min(slot * 0.7, 60.0))
        shapes = []
        for i in range(len(self.labels)):
            base = float(HEIGHT)
            for series in self.series:
                tall = self._at(series, i) / self.top * (HEIGHT - 2)
                if tall <= 0:
                    continue
                base -= tall
                shapes.append(
                    {
                        "color": series.color,
                        "x": round(slot * i + (slot - wide) / 2, 2),
                        "y": round(base, 2),
                        "width": round(wide, 2),
                        "height": round(tall, 2),
                    }
                )
        return shapes

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Invisible full-height columns that say a point's figures on hover."""
        count = max(1, len(self.labels))
        if self.kind == "bar" or count == 1:
            slot, start = WIDTH / count, 0.0
        else:
            slot = WIDTH / (count - 1)
            start = -slot / 2
        names = [str(series.label) for series in self.series]
        return [
            {
                "x": round(max(0.0, start + slot * i), 2),
                "width": round(slot, 2),
                "words": " · ".join([str(row["label"]), *map(" ".join, zip(names, row["figures"], strict=True))]),
            }
            for i, row in enumerate(self.rows)
        ]

    def _x(self, i: int) -> float:
        return round(WIDTH * i / max(1, len(self.labels) - 1), 2)

    def _y(self, value: Number) -> float:
        return round(HEIGHT - float(value) / self.top * (HEIGHT - 2), 2)

    @staticmethod
    def _at(series: Series, i: int) -> float:
        return max(0.0, float(series.values[i] or 0)) if i < len(series.values) else 0.0

    @staticmethod
    def _last(series: Series) -> Number | None:
        return next((v for v in reversed(series.values) if v is not None), None)


def nice_ceiling(peak: float, *, whole: bool = True) -> float:
    """The next round number whose half can stand on the axis too (a whole one, when things are counted)."""
    if peak <= 0:
        return 2 if whole else 1
    power = 10.0 ** math.floor(math.log10(peak))
    for factor in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10):
        top = round(factor * power, 10)
        if top >= peak and (not whole or top % 2 == 0):
            return top
    return 2.0 * math.ceil(peak / 2)


def spark_path(values: Sequence[Number | None], width: int = 100, height: int = 24) -> str:
    known = [float(v or 0) for v in values]
    if len(known) < 2:
        return ""
    top = max(known) or 1
    step = width / (len(known) - 1)
    return " ".join(
        f"{'L' if i else 'M'}{i * step:.4g} {height - 1 - v / top * (height - 2):.4g}" for i, v in enumerate(known)
    )
