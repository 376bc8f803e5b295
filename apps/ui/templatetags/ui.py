"""The components of every page: `{% load ui %}`. Each is shown at /dashboard/style/ and listed in docs/ui.md."""

import re
import unicodedata
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.jobs import clock
from apps.ui import charts, icons, phrases, statuses
from apps.ui.folding import constant
from apps.ui.shell import Shell

register = template.Library()

register.filter("initials", phrases.initials)
register.filter("number", phrases.number)
register.filter("percent", phrases.percent)
register.filter("signed", phrases.signed)
register.filter("duration", phrases.duration)
register.filter("file_size", phrases.file_size)


def _slug(text: Any) -> str:
    plain = unicodedata.normalize("NFKD", str(text)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "x"


def _inside(content: str) -> SafeString:
    """What stood between a tag and its end: already rendered and escaped there."""
    return mark_safe(content.strip())


# The page ---------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def shell_for(context: template.Context) -> Shell:
    return context.get("ui") or Shell(context.get("request"))


@register.simple_tag
@constant
def icon(name: str, label: str = "", classes: str = "") -> SafeString:
    return icons.icon(name, str(label), classes)


@register.simple_block_tag
def pagehead(
    content: str, title: str = "", subtitle: str = "", back: str = "", back_label: str = "", count: Any = None
) -> str:
    """What the page is, and (as content) its single primary action."""
    return render_to_string(
        "ui/components/pagehead.html",
        {
            "title": title,
            "subtitle": subtitle,
            "back": back,
            "back_label": back_label or _("Back"),
            "count": count,
            "actions": _inside(content),
        },
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "") -> str:
    """A calm box inside a page: info, good, warn or bad."""
    return render_to_string("ui/components/notice.html", {"tone": tone, "title": title, "content": _inside(content)})


@register.simple_block_tag
def empty(content: str, icon: str = "inbox", title: str = "", text: str = "") -> str:
    """Zero-state: what this is (title, text) and, as content, the first step."""
    return render_to_string(
        "ui/components/empty.html", {"icon": icon, "title": title, "text": text, "content": _inside(content)}
    )


@register.inclusion_tag("ui/components/skeleton.html")
def skeleton(rows: int = 5) -> dict[str, Any]:
    return {"rows": range(int(rows))}


# Small marks ------------------------------------------------------------------------------------------------------


def _badge(look: statuses.Look, classes: str = "") -> SafeString:
    mark = icons.icon(look.icon) if look.icon else mark_safe("")
    return format_html('<span class="badge tone-{} {}">{}{}</span>', look.tone, classes, mark, look.label)


@register.simple_tag
def badge(label: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    return _badge(statuses.Look(label, tone, icon))


@register.simple_tag
@constant
def status(state: Any, label: Any = "") -> SafeString:
    """State of a message, conversation, delivery, job or connection."""
    return _badge(statuses.look(statuses.STATUSES, state, label))


@register.simple_tag
@constant
def stage_badge(stage: Any, label: Any = "") -> SafeString:
    return _badge(statuses.look(statuses.STAGES, stage, label))


@register.simple_tag
@constant
def label_badge(label: Any, text: Any = "") -> SafeString:
    return _badge(statuses.look(statuses.LABELS, label, text)) if label else mark_safe("")


@register.simple_tag
@constant
def channel_mark(channel: Any, text: bool = False) -> SafeString:
    """The channel's icon, with its name beside it or read out."""
    look = statuses.look(statuses.CHANNELS, channel)
    name = look.icon or "message-circle"
    if text:
        return format_html('<span class="mark">{}<span>{}</span></span>', icons.icon(name), look.label)
    return format_html('<span class="mark" title="{}">{}</span>', look.label, icons.icon(name, str(look.label)))


@register.simple_tag
@constant
def score_badge(score: Any) -> SafeString:
    """0-100 as a figure over a thin bar."""
    value = max(0, min(100, int(score or 0)))
    return format_html(
        '<span class="score" title="{title}"><span class="score-figure">{value}</span>'
        '<svg class="score-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="score-track" width="100" height="4" rx="2"/><rect class="score-fill" width="{value}" height="4" rx="2"/>'
        "</svg></span>",
        title=_("Score %(score)s of 100") % {"score": value},
        value=value,
    )


@register.simple_tag
def avatar(name: Any, image: str = "", size: str = "m", decorative: bool = True) -> SafeString:
    """Initials on a tint that always belongs to the same name; sizes s, m, l. A bot or nameless person gets an icon."""
    text = phrases.without_bidi_controls(name)
    role = mark_safe('aria-hidden="true"') if decorative else format_html('role="img" aria-label="{}"', text)
    if image:
        return format_html('<img class="avatar avatar-{}" src="{}" alt="{}">', size, image, "" if decorative else text)
    tint = sum(text.encode()) % 6 + 1 if text else 0
    inside = phrases.initials(text) or icons.icon("user")
    return format_html('<span class="avatar avatar-{} tint-{}" {}>{}</span>', size, tint, role, inside)


@register.simple_tag
def copyable(value: Any, label: str = "", shown: str = "") -> SafeString:
    """A value in fixed width that one click copies."""
    return mark_safe(
        render_to_string("ui/components/copyable.html", {"value": value, "label": label, "shown": shown or value})
    )


@register.simple_tag
def code_block(text: Any, label: str = "") -> SafeString:
    return mark_safe(render_to_string("ui/components/code.html", {"text": text, "label": label}))


# Figures, times, words of users -----------------------------------------------------------------------------------


@register.simple_tag
def money(amount: Any, currency: str = "USD") -> SafeString:
    return format_html('<bdi class="figure">{}</bdi>', phrases.money(amount, currency))


@register.simple_tag
def figure(value: Any, format: str = "number", currency: str = "USD") -> str:
    return phrases.figure(value, format, currency)


@register.filter
def language(code: str) -> str:
    return phrases.language(code)


@register.simple_tag
def timeago(moment: datetime | None, empty: str = "–") -> SafeString:
    """ "5 min ago", kept fresh by the browser; the exact time shows on hover."""
    if moment is None:
        return conditional_escape(empty)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(),
        phrases.exact(moment),
        phrases.relative(moment),
    )


@register.simple_tag
def exact(moment: datetime | date | None, empty: str = "–") -> SafeString:
    if moment is None:
        return conditional_escape(empty)
    words = phrases.exact(moment) if isinstance(moment, datetime) else phrases.day(moment)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), words)


@register.simple_tag
def countdown(moment: datetime | None) -> SafeString:
    """Time left until a moment, counted down by the browser; it turns amber in the last hour and says when it is over."""
    if moment is None:
        return mark_safe("")
    left = (moment - clock.now()).total_seconds()
    words = phrases.duration(max(60, left)) if left > 0 else _("over")
    tone = "over" if left <= 0 else "soon" if left < phrases.HOUR else "calm"
    return format_html(
        '<time class="countdown" datetime="{}" title="{}" data-countdown="{}">{}</time>',
        moment.isoformat(),
        phrases.exact(moment),
        tone,
        words,
    )


@register.simple_tag
def waited(since: datetime | None) -> SafeString:
    """How long somebody has waited: amber from a quarter of an hour, red from a day, kept fresh by the browser."""
    if since is None:
        return mark_safe("")
    seconds = (clock.now() - since).total_seconds()
    tone = "bad" if seconds >= phrases.DAY else "warn" if seconds >= 15 * phrases.MINUTE else "neutral"
    return format_html(
        '<time class="waited text-{}" datetime="{}" title="{}" data-waited>{}</time>',
        tone, since.isoformat(), phrases.exact(since), phrases.duration(max(60, seconds)),
    )  # fmt: skip


@register.simple_tag
def usertext(text: Any, empty: str = "") -> SafeString:
    """Anything a person outside typed: its own direction, and no power over the text around it."""
    plain = phrases.without_bidi_controls(text)
    return format_html('<bdi dir="auto">{}</bdi>', plain) if plain.strip() else conditional_escape(empty)


@register.filter
def plain(text: Any) -> str:
    """User text inside an attribute, a title or an option: without direction overrides."""
    return phrases.without_bidi_controls(text)


# Lists ------------------------------------------------------------------------------------------------------------


def _query(context: template.Context, **changes: Any) -> str:
    request = context.get("request")
    query = {name: values for name, values in request.GET.lists() if name != "cursor"} if request else {}
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = [str(value)]
    return f"?{urlencode(query, doseq=True)}" if query else "?"


@register.inclusion_tag("ui/components/chip.html", takes_context=True)
def chip(context: template.Context, label: str, param: str, options: Any, any_label: str = "") -> dict[str, Any]:
    """A filter that reads as part of a sentence: "Stage: any". `options` = [(value, label)]; picks `?param=value`."""
    request = context.get("request")
    current = request.GET.get(param, "") if request else ""
    choices = [
        {"label": text, "href": _query(context, **{param: value}), "current": str(value) == current}
        for value, text in options
    ]
    chosen = next((c["label"] for c in choices if c["current"]), "")
    return {
        "label": label,
        "chosen": chosen,
        "any_label": any_label or _("any"),
        "choices": choices,
        "clear": _query(context, **{param: None}),
        "param": param,
    }


@register.inclusion_tag("ui/components/searchbox.html", takes_context=True)
def searchbox(
    context: template.Context, label: str, param: str = "q", target: str = "", url: str = ""
) -> dict[str, Any]:
    """Search inside a list. With `target` (a CSS selector) results appear as you type; without script, on enter."""
    request = context.get("request")
    given = request.GET.lists() if request else []
    kept = [(name, value) for name, values in given if name not in (param, "cursor") for value in values]
    return {
        "label": label,
        "param": param,
        "value": request.GET.get(param, "") if request else "",
        "kept": kept,
        "target": target,
        "url": url or (request.path if request else ""),
    }


@register.simple_tag(takes_context=True)
def sort_header(context: template.Context, label: str, name: str, param: str = "sort", end: bool = False) -> SafeString:
    """A column's heading that sorts: first click ascending, second descending."""
    request = context.get("request")
    current = request.GET.get(param, "") if request else ""
    state = "ascending" if current == name else "descending" if current == f"-{name}" else ""
    follow = f"-{name}" if state == "ascending" else name
    return format_html(
        '<th scope="col"{}{}><a class="sort" href="{}">{}{}</a></th>',
        mark_safe(' class="num"') if end else "",
        format_html(' aria-sort="{}"', state) if state else "",
        _query(context, **{param: follow}),
        label,
        icons.icon("chevron-up" if state == "ascending" else "chevron-down") if state else "",
    )


@register.inclusion_tag("ui/components/pages.html", takes_context=True)
def pages(
    context: template.Context, page: Any = None, next: str = "", previous: str = "", target: str = ""
) -> dict[str, Any]:
    """Cursor pagination from a `Page` of apps.ui.paging, or from two cursors."""
    following = getattr(page, "next_cursor", "") or next
    before = getattr(page, "previous_cursor", "") or previous
    return {
        "next_url": _with_cursor(context, following),
        "previous_url": _with_cursor(context, before),
        "target": target,
    }


def _with_cursor(context: template.Context, cursor: str) -> str:
    if not cursor:
        return ""
    base = _query(context)
    return f"{base}{'' if base == '?' else '&'}cursor={cursor}"


# Structure --------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def tabs(content: str, label: str = "") -> SafeString:
    return format_html('<nav class="tabs" aria-label="{}">{}</nav>', label or _("Sections"), _inside(content))


@register.simple_tag(takes_context=True)
def tab(context: template.Context, url: str, label: str, count: Any = None, current: Any = None) -> SafeString:
    request = context.get("request")
    if current is None:
        current = request is not None and url in (request.get_full_path(), request.path)
    return format_html(
        '<a href="{}"{}>{}{}</a>',
        url,
        mark_safe(' aria-current="page"') if current else "",
        label,
        "" if count is None else format_html(' <span class="count">{}</span>', phrases.number(count)),
    )


@register.simple_block_tag
def menu(
    content: str, label: str = "", icon: str = "dots", text: str = "", classes: str = "btn btn-quiet btn-icon"
) -> str:
    """A small menu behind a button; content = links and buttons. Works without script."""
    return render_to_string(
        "ui/components/menu.html",
        {"label": label, "icon": icon, "text": text, "classes": classes, "content": _inside(content)},
    )


@register.simple_block_tag
def dialog(content: str, id: str = "", title: str = "", wide: bool = False) -> str:
    """A modal; any `<button data-dialog="id">` opens it, `<button data-close>` inside closes it."""
    return render_to_string(
        "ui/components/dialog.html", {"id": id, "title": title, "wide": wide, "content": _inside(content)}
    )


@register.inclusion_tag("ui/components/confirm.html", takes_context=True)
def confirm(
    context: template.Context,
    id: str,
    url: str,
    title: str,
    text: str,
    action: str,
    name: str = "",
) -> dict[str, Any]:
    """A dialog before an act that cannot be undone; with `name`, that name must be typed first."""
    return {
        "id": id,
        "url": url,
        "title": title,
        "text": text,
        "action": action,
        "name": name,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_block_tag
def timeline_item(content: str, icon: str = "point", tone: str = "neutral", title: str = "", time: Any = None) -> str:
    """One `<li>` of `<ol class="timeline">`."""
    return render_to_string(
        "ui/components/timeline_item.html",
        {"icon": icon, "tone": tone, "title": title, "time": time, "content": _inside(content)},
    )


@register.simple_tag
def progress(value: Any, label: str, maximum: Any = 100) -> SafeString:
    """How far along something is, with the figure beside it."""
    top = float(maximum or 1)
    share = max(0.0, min(1.0, float(value or 0) / top))
    return format_html(
        '<span class="meter"><progress max="100" value="{}" aria-label="{}"></progress><span class="figure">{}</span></span>',
        round(share * 100),
        label,
        phrases.percent(share),
    )


@register.simple_tag
def meter(value: Any, maximum: Any, label: str, shown: str = "") -> SafeString:
    """How much of a limit is used: amber from 80 %, red from 100 %."""
    share = float(value or 0) / float(maximum or 1)
    tone = "bad" if share >= 1 else "warn" if share >= 0.8 else "good"
    return format_html(
        '<span class="meter"><svg class="meter-bar tone-{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        'aria-label="{}: {}"><rect class="meter-track" width="100" height="6"/><rect class="meter-fill" width="{}" height="6"/>'
        '</svg><span class="figure">{}</span></span>',
        tone,
        label,
        phrases.percent(share),
        round(min(100.0, max(0.0, share * 100)), 1),
        shown or phrases.percent(share),
    )


@register.simple_tag
def stat(label: str, value: Any, note: str = "", tone: str = "", url: str = "", spark: Any = None) -> SafeString:
    """One figure of a dashboard with what it is above and how it changed below."""
    context = {"label": label, "value": value, "note": note, "tone": tone, "url": url, "spark": spark}
    return mark_safe(render_to_string("ui/components/stat.html", context))


@register.simple_tag
def sparkline(values: Any, label: str = "") -> SafeString:
    path = charts.spark_path(list(values or []))
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" {}><path d="{}"/></svg>', role, path
    )


@register.inclusion_tag("ui/components/chart.html")
def chart(drawing: charts.Chart) -> dict[str, Any]:
    """A line or bar chart (apps.ui.charts.Chart) with the table behind it."""
    return {"chart": drawing}


@register.inclusion_tag("ui/components/bar_list.html")
def bar_list(rows: Any, format: str = "number", currency: str = "USD", color: int = 1) -> dict[str, Any]:
    """Horizontal bars for a funnel or ranking: rows = [(label, value)] or [(label, value, url)]."""
    rows = [tuple(row) for row in rows]
    top = max((float(row[1] or 0) for row in rows), default=0) or 1
    return {
        "rows": [
            {
                "label": row[0],
                "value": row[1],
                "url": row[2] if len(row) > 2 else "",
                "width": round(float(row[1] or 0) / top * 100, 2),
            }
            for row in rows
        ],
        "format": format,
        "currency": currency,
        "color": color,
    }


@register.simple_tag
@constant
def keys(*combination: str) -> SafeString:
    return format_html_join(" ", "<kbd>{}</kbd>", ((key,) for key in combination))


@register.simple_tag
def anchor(text: Any) -> str:
    return _slug(text)
