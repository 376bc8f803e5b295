"""Numbers, money and times in words, in the active language. Pure functions behind the template tags."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi, get_language_info, ngettext
from django.utils.translation import gettext as _

from apps.jobs import clock
from apps.ui.remembering import per_language

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "TRY": "₺", "ILS": "₪", "NGN": "₦", "UAH": "₴"}
PLACES = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3, "IQD": 0}

# Characters that reorder the text around them; shown as nothing, so that a name cannot rearrange a page.
BIDI_CONTROLS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))

MINUTE, HOUR, DAY = 60, 3600, 86400


def isolated(text: str) -> str:
    """Figures with a sign or a unit beside them, so that a text from right to left does not tear them apart."""
    return f"\u2066{text}\u2069" if get_language_bidi() else text


def signed(value: Any, places: int | None = None) -> str:
    """10 → "+10", -10 → "−10", 0 → "0": the sign stays before the figure in every direction of text."""
    amount = _decimal(value)
    if amount is None or amount <= 0:
        return number(value, places)
    return isolated(f"+{number(amount, places)}")


def number(value: Any, places: int | None = None) -> str:
    """12345.678 → "12,345.68" (or as many places as asked). Western digits in every language, as in business use."""
    if type(value) is int and value >= 0 and not places:
        return f"{value:,}"
    amount = _decimal(value)
    if amount is None:
        return "–"
    if places is None:
        places = 0 if amount == amount.to_integral_value() else 2
    figure = f"{amount:,.{places}f}"
    return isolated(figure.replace("-", "−")) if amount < 0 else figure


def up_to(value: int, most: int) -> str:
    """A count that was stopped at `most`: 12 → "12", 1000 of 1000 → "999+"."""
    return number(value) if value < most else f"{number(most - 1)}+"


def money(value: Any, currency: str = "USD") -> str:
    """1234.5, "USD" → "$1,234.50"; currencies without a common sign keep their code: "AED 1,234.50"."""
    amount = _decimal(value)
    if amount is None:
        return "–"
    code = str(currency or "USD").upper()
    figure = number(abs(amount), PLACES.get(code, 2) if abs(amount) >= Decimal("0.01") or not amount else 4)
    sign = "−" if amount < 0 else ""
    words = f"{sign}{SYMBOLS[code]}{figure}" if code in SYMBOLS else f"{sign}{code}\u00a0{figure}"
    return isolated(words) if sign else words


def percent(value: Any, places: int = 0) -> str:
    """0.256 → "26%"."""
    amount = _decimal(value)
    if amount is None:
        return "–"
    figure = f"{abs(amount) * 100:,.{places}f}%"
    return isolated(f"−{figure}") if amount < 0 else figure


def figure(value: Any, format: str = "number", currency: str = "USD") -> str:
    """As one of: number, money, percent, duration."""
    if format == "money":
        return money(value, currency)
    if format == "percent":
        return percent(value)
    return duration(value) if format == "duration" else number(value)


def file_size(value: Any) -> str:
    amount = float(_decimal(value) or 0)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f}\u00a0{unit}" if unit == "B" or amount >= 10 else f"{amount:.1f}\u00a0{unit}"
        amount /= 1024
    raise AssertionError


def duration(seconds: Any) -> str:
    """The two largest parts: 45 s, 12 min, 3 h 20 min, 2 d 4 h; below ten seconds one decimal."""
    amount = _decimal(seconds)
    if amount is None:
        return "–"
    total = float(amount)
    if total < 1:
        return _("%(n)s ms") % {"n": round(total * 1000)}
    if total < MINUTE:
        return _("%(n)s s") % {"n": f"{total:.1f}".removesuffix(".0") if total < 10 else round(total)}
    minutes = round(total / MINUTE)
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        hours_words = {"hours": hours, "minutes": minutes}
        return _("%(hours)s h %(minutes)s min") % hours_words if minutes else _("%(hours)s h") % hours_words
    days, hours = divmod(hours, 24)
    days_words = {"days": days, "hours": hours}
    return _("%(days)s d %(hours)s h") % days_words if hours else _("%(days)s d") % days_words


def exact(moment: datetime) -> str:
    """ "Sat 28 Nov 2026, 15:04"."""
    local = timezone.localtime(moment)
    return f"{_weekday_and_day(local.date())}, {time_of_day(local)}"


def time_of_day(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


@per_language
def _weekday_and_day(value: date) -> str:
    return date_format(value, "D j M Y")


def relative(moment: datetime, base: datetime | None = None) -> str:
    """ "5 min ago", "in 3 hr", "12 Nov". static/ui/times.js says the same with Intl.RelativeTimeFormat."""
    base = base or clock.now()
    seconds = (base - moment).total_seconds()
    size = abs(seconds)
    if size >= 7 * DAY:
        local = timezone.localtime(moment)
        return date_format(local, "j M" if local.year == timezone.localtime(base).year else "j M Y")
    if size < 45:
        return _("just now")
    unit, length = (MINUTE, "min") if size < 45 * MINUTE else (HOUR, "hr") if size < 22 * HOUR else (DAY, "day")
    return _from_now(length, max(1, round(size / unit)), ago=seconds > 0)


@per_language
def _from_now(unit: str, n: int, *, ago: bool) -> str:
    words = {
        ("min", True): ngettext("%(n)s min ago", "%(n)s min ago", n),
        ("min", False): ngettext("in %(n)s min", "in %(n)s min", n),
        ("hr", True): ngettext("%(n)s hr ago", "%(n)s hr ago", n),
        ("hr", False): ngettext("in %(n)s hr", "in %(n)s hr", n),
        ("day", True): ngettext("%(n)s day ago", "%(n)s days ago", n),
        ("day", False): ngettext("in %(n)s day", "in %(n)s days", n),
    }
    return words[unit, ago] % {"n": n}


def language(code: str) -> str:
    """ "ar" → "Arabic"; a code that Django does not know stays as it is."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def day(value: date) -> str:
    return date_format(value, "j M Y")


def without_bidi_controls(text: Any) -> str:
    return str("" if text is None else text).translate(BIDI_CONTROLS)


def capital(words: str) -> str:
    """With a capital first letter, as a label has it; the rest stays."""
    return f"{words[:1].upper()}{words[1:]}"


def initials(name: Any) -> str:
    """Ada Lovelace → AL; Arabic names keep one letter, because joined initials would read as a word."""
    words = [w for w in without_bidi_controls(name).split() if w[0].isalnum()]
    if not words:
        return ""
    first = words[0][0].upper()
    if unicodedata.bidirectional(first) in {"R", "AL"} or len(words) == 1:
        return first
    return first + words[-1][0].upper()


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() else None
