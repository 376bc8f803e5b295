"""From one brand color to a set of accents that stay readable, whatever color was chosen.

Colors move through OKLab, where lightness can change without the hue drifting, until WCAG 2.2 AA holds against
every surface of the theme. Pure functions over "#rrggbb" strings; nothing here knows Django.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TEXT = 4.5  # WCAG 1.4.3, normal text
EDGE = 3.0  # WCAG 1.4.11, boundaries, focus rings, icons

DEFAULT = "#0b6477"
LIGHT_SURFACES = ("#ffffff", "#f7f7f8", "#f0f0f2")
DARK_SURFACES = ("#191a1d", "#111214", "#222428")
INK, PAPER = "#16171a", "#ffffff"

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Accent:
    """The accents of one theme. Names are those of the custom properties in frontdesk.css."""

    fill: str  # background of the primary button
    fill_hover: str
    on_fill: str  # text on both fills
    edge: str  # border of a fill; 3:1 against every surface
    text: str  # links and selected things; 4.5:1 against every surface and on `soft`
    soft: str  # quiet tint behind selected things


def parse_hex(color: object) -> str | None:
    """`#0af`, `00aaff`, `#00AAFF` → `#00aaff`; anything else → None."""
    match = re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", str(color or "").strip().lower())
    if not match:
        return None
    digits = match[1]
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def light_accent(brand: str) -> Accent:
    return _accent(brand, LIGHT_SURFACES, toward=0.0, tint=0.10)


def dark_accent(brand: str) -> Accent:
    return _accent(brand, DARK_SURFACES, toward=1.0, tint=0.20)


def _accent(brand: str, surfaces: Sequence[str], *, toward: float, tint: float) -> Accent:
    fill, on_fill = _readable_fill(brand)
    edge = _until(fill, surfaces, EDGE, toward)
    soft = _mix(surfaces[0], fill, tint)
    return Accent(
        fill=fill,
        fill_hover=_shade(fill, -0.05 if on_fill == PAPER else 0.05),
        on_fill=on_fill,
        edge=edge,
        text=_until(fill, [*surfaces, soft], TEXT, toward),
        soft=soft,
    )


def _readable_fill(brand: str) -> tuple[str, str]:
    """The brand color itself where white or ink can be read on it; white is preferred as far as AA allows."""
    if contrast(brand, PAPER) >= TEXT:
        return brand, PAPER
    if contrast(brand, PAPER) >= 3.6:  # nearly there: a touch darker keeps the brand and the white text
        return _until(brand, [PAPER], TEXT, 0.0), PAPER
    return brand, INK


def _until(color: str, against: Sequence[str], ratio: float, toward: float) -> str:
    """The smallest move of lightness toward black (0) or white (1) that reaches `ratio` against all."""
    lightness, a, b = _to_oklab(color)
    for step in range(201):
        share = step / 200
        candidate = _from_oklab((lightness + (toward - lightness) * share, a * (1 - share**3), b * (1 - share**3)))
        if step == 0:
            candidate = color
        if all(contrast(candidate, other) >= ratio for other in against):
            return candidate
    return INK if toward == 0.0 else PAPER


def _shade(color: str, amount: float) -> str:
    lightness, a, b = _to_oklab(color)
    return _from_oklab((min(1.0, max(0.0, lightness + amount)), a, b))


def _mix(base: str, other: str, share: float) -> str:
    one, two = _to_oklab(base), _to_oklab(other)
    return _from_oklab(tuple(x + (y - x) * share for x, y in zip(one, two, strict=True)))  # type: ignore[arg-type]


def _channels(color: str) -> RGB:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _luminance(color: str) -> float:
    red, green, blue = map(_linear, _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklab(color: str) -> RGB:
    r, g, b = map(_linear, _channels(color))
    cone_l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    cone_m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    cone_s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * cone_l + 0.7936177850 * cone_m - 0.0040720468 * cone_s,
        1.9779984951 * cone_l - 2.4285922050 * cone_m + 0.4505937099 * cone_s,
        0.0259040371 * cone_l + 0.7827717662 * cone_m - 0.8086757660 * cone_s,
    )


def _from_oklab(lab: RGB) -> str:
    lightness, a, b = lab
    cone_l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    cone_m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    cone_s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * cone_l - 3.3077115913 * cone_m + 0.2309699292 * cone_s,
        -1.2684380046 * cone_l + 2.6097574011 * cone_m - 0.3413193965 * cone_s,
        -0.0041960863 * cone_l - 0.7034186147 * cone_m + 1.7076147010 * cone_s,
    )
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, _gamma(max(0.0, c))))):02x}" for c in linear)
