"""The inbox: list, thread, person; what changed since; the story of an answer."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.integrations.models import ConnectedAccount
from apps.leads import numbers
from apps.leads import queries as lead_queries
from apps.leads.models import Label, Stage
from apps.organizations.access import actor_of, member_required, person_of, role_of
from apps.organizations.actors import Can
from apps.organizations.models import Role, User

from . import drafts, figures, gate, queries, services, uploads
from .adapters import SendError
from .bubbles import Preview, bubbles, preview, waits
from .escalations import told
from .forms import snooze_presets
from .models import Conversation, Message, MessageTemplate, Owner, Upload
from .story import story_of
from .surfaces import LABELS

MOST_ROWS = 200
_FIELD = re.compile(r"\{\{(\d+)\}\}")
# What a browser may show inside a page; anything else is downloaded.
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "application/ogg")


def may_write(request: HttpRequest) -> bool:
    held = role_of(request)
    return bool(held and held.includes(Role.AGENT))


def may_see_raw(request: HttpRequest) -> bool:
    """What platforms sent, as they sent it, is for those who look after the connections."""
    return actor_of(request).may(Can.SEE_RAW)


def _number(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdecimal() and len(given) < 19 else 0


# What the list shows ----------------------------------------------------------------------------------------------


def filters_of(request: HttpRequest) -> queries.Filters:
    """The filters in the address; what makes no sense there is left out."""
    given = {name: str(value).replace("\x00", "")[:200] for name, value in request.GET.items()}
    lead = _number(given.get("lead")) or None
    statuses = {*Conversation.Status.values, queries.WAITING, "all"}
    usual = "all" if lead or given.get("q") else queries.WAITING
    return queries.Filters(
        status=given["status"] if given.get("status") in statuses else usual,
        owner=given.get("owner", "") if given.get("owner") in Owner.values else "",
        assignee=given.get("assignee", ""),
        channel=given.get("channel", ""),
        label=given.get("label", "") if given.get("label") in Label.values else "",
        unread=given.get("show") == "unread",
        search=given.get("q", ""),
        lead=lead,
        user=request.user if isinstance(request.user, User) else None,
    )


@dataclass
class Row:
    conversation: Conversation
    preview: Preview
    is_open: bool
    waits: bool = False  # for a person
    why: str = ""  # it is a person's to answer


def _row(one: Conversation, *, me: int | None, opened: int) -> Row:
    row = Row(one, preview(one.last_message, me=me), one.pk == opened)
    if waits(one):
        row.waits, row.why = True, told(one.escalation).sentence
    return row


def query_of(request: HttpRequest) -> str:
    """The filters as they stand in the address, for links that keep them."""
    query = request.GET.copy()
    for name in ("cursor", "since", "open", "rows", "here", "from", "story", "act", "id"):
        query.pop(name, None)
    return query.urlencode()


def rows_context(request: HttpRequest, *, opened: int = 0, limit: int = queries.PAGE) -> dict[str, Any]:
    filters = filters_of(request)
    try:
        page = queries.inbox_page(filters, cursor=request.GET.get("cursor", ""), limit=limit)
    except ValidationError:
        page = queries.inbox_page(filters, limit=limit)
    rows = [_row(one, me=request.user.pk, opened=opened) for one in page.rows]
    return {
        "rows": rows, "older": page.older, "query": query_of(request), "filters": filters, "opened": opened,
        "may_write": may_write(request),
    }  # fmt: skip


def _with(request: HttpRequest, name: str, value: str) -> str:
    """The address with one filter set otherwise."""
    query = request.GET.copy()
    query.pop("cursor", None)
    query[name] = value
    if not value:
        del query[name]
    return query.urlencode()


def _list_context(request: HttpRequest, *, opened: int = 0, members: Sequence[User] | None = None) -> dict[str, Any]:
    members = lead_queries.members() if members is None else members
    filters = filters_of(request)
    statuses = [
        (queries.WAITING, _("Waiting")), ("open", _("Open")), ("snoozed", _("Snoozed")), ("resolved", _("Done")),
        ("all", _("All")),
    ]  # fmt: skip
    scopes = [("", _("Everyone")), ("me", _("Mine")), ("none", _("Unassigned"))]
    return {
        **rows_context(request, opened=opened),
        "statuses": [(words, value == filters.status, _with(request, "status", value)) for value, words in statuses],
        "scopes": [(words, value == filters.assignee, _with(request, "assignee", value)) for value, words in scopes],
        "owners": [("bot", _("the assistant")), ("human", _("a person")), ("other", _("another app"))],
        "assignees": [(one.pk, str(one)) for one in members if one.pk != request.user.pk],
        "channels": [(channel, words[0]) for channel, words in LABELS.items()],
        "labels": Label.choices,
        "shows": [("unread", _("unread"))],
        "is_narrowed": any(request.GET.get(name) for name in ("owner", "channel", "label", "show"))
        or filters.assignee not in {value for value, _words in scopes},
        "members": members,
        "cursor": queries.change_cursor(),
        "may_write": may_write(request),
        "presets": snooze_presets(),
    }  # fmt: skip


# One conversation -------------------------------------------------------------------------------------------------


@dataclass
class Composer:
    """What the composer offers now. `mode`: open, shut (templates and notes only), barred, none (for viewers).

    `trouble`: what is wrong with the account it would send through; `fix_url`: where the reader can mend that.
    """

    mode: str
    reason: str = ""
    trouble: str = ""
    fix_url: str = ""
    until: Any = None
    human: bool = False
    templates: list[MessageTemplate] | None = None
    limit: int = 0
    token: str = ""
    accept: str = ""  # kinds of files it takes
    suggestion: drafts.Suggestion | None = None


def composer_of(conversation: Conversation, *, role: Role | None) -> Composer:
    if role is None or not role.includes(Role.AGENT):
        return Composer("none")
    limits = queries.limits_of(conversation)
    ruling = gate.decide(gate.Proposal(conversation=conversation, sender="user", purpose="agent"))
    codes = {finding.code for finding in ruling.findings}
    found = Composer("open", limit=limits.text, token=uuid.uuid4().hex)
    found.suggestion = drafts.suggestion_of(conversation)
    found.accept = uploads.ACCEPT if limits.attachments else ""
    found.trouble = trouble_of(conversation.account)
    if found.trouble and role.includes(Role.MANAGER):
        found.fix_url = reverse("integrations:detail", args=[conversation.account_id])
    if limits.templates:
        found.templates = list(queries.templates_for(conversation)[:100])
        for template in found.templates:
            template.fields = sorted({int(n) for n in _FIELD.findall(template.body)})[:20]  # type: ignore[attr-defined]
    if ruling.allowed:
        found.human = "window_human" in codes
        if limits.reply_window is not None:
            found.until = conversation.human_window_until if found.human else conversation.window_until
        return found
    found.reason = ruling.sentence
    found.mode = "shut" if ruling.code == "window_closed" and limits.templates else "barred"
    return found


def trouble_of(account: ConnectedAccount) -> str:
    """What stands between us and the platform, in words for whoever wants to answer; "" where nothing does."""
    if account.state == ConnectedAccount.State.DISCONNECTED:
        return _("%(account)s is disconnected, so nothing can be sent here.") % {"account": account}
    if account.state in {ConnectedAccount.State.ATTENTION, ConnectedAccount.State.WAITING}:
        problem = _(account.problem) if account.problem else ""
        return _("%(account)s needs attention; messages may not go out. %(problem)s") % {
            "account": account,
            "problem": problem,
        }
    return ""


def thread_context(request: HttpRequest, found: Conversation, *, cursor: str = "") -> dict[str, Any]:
    try:
        page = queries.thread_page(found, cursor=cursor)
    except ValidationError:
        page = queries.thread_page(found)
    return {
        "conversation": found,
        "bubbles": bubbles(page.rows[::-1], found),
        "older_cursor": page.older,
        "may_write": may_write(request),
        "may_see_raw": may_see_raw(request),
        "query": query_of(request),
    }


def person_context(found: Conversation) -> dict[str, Any]:
    lead = found.lead
    timeline = lead_queries.timeline(lead, size=6)
    try:
        lead_url = reverse("leads:detail", args=[lead.pk])
    except NoReverseMatch:
        lead_url = ""
    others = Conversation.objects.filter(lead=lead).exclude(pk=found.pk).select_related("last_message", "account")
    return {
        "lead": lead,
        "lead_url": lead_url,
        "stages": Stage.choices,
        "tags": list(lead.tags.all()),
        "shown_phone": numbers.shown(lead.phone) if lead.phone else "",
        "certainty": lead_queries.certainty(lead),
        "others": list(others.order_by("-last_message_at", "-id")[:5]),
        "activities": timeline,
        "actors": lead_queries.names_of({one.actor for one in timeline}),
    }


def pane_context(request: HttpRequest, found: Conversation, *, cursor: str = "") -> dict[str, Any]:
    return {
        **thread_context(request, found, cursor=cursor),
        **person_context(found),
        "composer": composer_of(found, role=role_of(request)),
        "escalation": told(found.escalation),
        "customer_types": queries.customer_is_typing(found),
        "present": queries.present(found, but=request.user if isinstance(request.user, User) else None),
        "presets": snooze_presets(),
        "members": lead_queries.members(),
    }


def parts(request: HttpRequest, conversation_id: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """All that may have changed around a conversation: what the page's script puts in place without a jump."""
    found = queries.get_conversation(conversation_id)
    limit = max(queries.PAGE, min(_number(request.GET.get("rows")) or queries.PAGE, MOST_ROWS))
    cursor = queries.change_cursor()
    context = {
        **rows_context(request, opened=found.pk, limit=limit),
        **pane_context(request, found),
        "cursor": cursor,
        "waiting": figures.waiting_count(),
        "here": _here(found, request),
        **(story_context(request, found.pk, _number(request.GET.get("story"))) or {}),
        **more,
    }
    return render(request, "conversations/inbox.html#parts", context, status=status)


def list_parts(request: HttpRequest, *, opened: int = 0, status: int = 200, **more: Any) -> HttpResponse:
    """The list alone, and with it the conversation that lies open beside it, if one does (`open`)."""
    beside = 0 if opened else _number(request.GET.get("open") or request.POST.get("open"))
    if beside and Conversation.objects.filter(pk=beside).exists():
        return parts(request, beside, status=status, **more)
    limit = max(queries.PAGE, min(_number(request.GET.get("rows")) or queries.PAGE, MOST_ROWS))
    context = {
        "cursor": queries.change_cursor() if "cursor" not in more else 0,
        **rows_context(request, opened=opened, limit=limit),
        "waiting": figures.waiting_count(),
        "here": "",
        **more,
    }
    return render(request, "conversations/inbox.html#parts", context, status=status)


def _here(found: Conversation, request: HttpRequest) -> str:
    user = request.user if isinstance(request.user, User) else None
    seen = ",".join(f"{one.user_id}{'t' if one.is_typing else ''}" for one in queries.present(found, but=user))
    seen += ",customer" if queries.customer_is_typing(found) else ""
    return hashlib.sha256(seen.encode()).hexdigest()[:8] if seen else ""


# Pages ------------------------------------------------------------------------------------------------------------


@require_GET
@member_required(Role.VIEWER)
def inbox(request: HttpRequest) -> HttpResponse:
    """The list; a further page of it as a fragment."""
    if request.htmx and (request.GET.get("cursor") or request.GET.get("from") == "search"):  # type: ignore[attr-defined]
        opened = _number(request.GET.get("open"))
        return render(
            request, "conversations/inbox.html#rows", {**rows_context(request, opened=opened), "is_more": True}
        )
    return render(request, "conversations/inbox.html", {**_list_context(request), "pane": "list"})


@require_GET
@member_required(Role.VIEWER)
def conversation(request: HttpRequest, conversation_id: int, pane: str = "thread", **more: Any) -> HttpResponse:
    """A thread beside the list. Whoever may answer has read it by opening it."""
    found = queries.get_conversation(conversation_id)
    if may_write(request) and found.unread:
        services.mark_read(found, by=person_of(request))
        found.unread = 0
    context = {**more, **pane_context(request, found), "pane": pane}
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "conversations/inbox.html#pane", context)
    context |= _list_context(request, opened=found.pk, members=context["members"])
    return render(request, "conversations/inbox.html", context)


@require_GET
@member_required(Role.VIEWER)
def older(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Messages further up."""
    found = queries.get_conversation(conversation_id)
    cursor = request.GET.get("cursor", "")
    if request.htmx:  # type: ignore[attr-defined]
        context = thread_context(request, found, cursor=cursor)
        return render(request, "conversations/inbox.html#messages", context)
    page = _list_context(request, opened=found.pk)
    context = {**page, **pane_context(request, found, cursor=cursor), "pane": "thread", "query": page["query"]}
    return render(request, "conversations/inbox.html", context)


@require_GET
@member_required(Role.VIEWER)
def live(request: HttpRequest) -> HttpResponse:
    """What changed since `since`: 204 where nothing did, which costs two or three small queries."""
    changes = queries.changes_since(_number(request.GET.get("since")), limit=MOST_ROWS)
    opened = _number(request.GET.get("open"))
    found = Conversation.objects.filter(pk=opened).first() if opened else None
    here = _here(found, request) if found else ""
    is_stale = _number(request.GET.get("since")) > changes.cursor
    if not changes.conversations and here == request.GET.get("here", "") and not is_stale:
        response = HttpResponse(status=204)
        response.headers["Inbox-Cursor"] = str(changes.cursor)
        return response
    if found and (
        here != request.GET.get("here", "") or is_stale or any(one.pk == found.pk for one in changes.conversations)
    ):
        return parts(request, found.pk, cursor=changes.cursor)
    return list_parts(request, opened=opened, cursor=changes.cursor, here=here)


@require_GET
@member_required(Role.VIEWER)
def story(request: HttpRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """How a message came to be answered, beside its conversation."""
    told = story_context(request, conversation_id, message_id)
    if told is None:
        raise Http404
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "conversations/inbox.html#story", told)
    return conversation(request, conversation_id, "story", **told)


def story_context(request: HttpRequest, conversation_id: int, message_id: int) -> dict[str, Any] | None:
    """What the panel shows; None for what is no message of this conversation, or a note among colleagues."""
    message = Message.objects.filter(pk=message_id, conversation_id=conversation_id).exclude(direction="note").first()
    if message is None:
        return None
    found = story_of(queries.get_message(message_id))
    try:
        stations_url = reverse("dashboard:trace", args=[found.subject.trace]) if found.subject.trace else ""
    except NoReverseMatch:
        stations_url = ""
    return {
        "story": found,
        "conversation": found.message.conversation,
        "stations_url": stations_url,
        "may_look_further": may_write(request),
        "query": query_of(request),
    }


@require_GET
@member_required(Role.VIEWER)
def full_text(request: HttpRequest, message_id: int) -> HttpResponse:
    """A very long message, whole."""
    message = queries.get_message(message_id)
    return render(request, "conversations/text.html", {"message": message, "bare": request.htmx})  # type: ignore[attr-defined]


@require_GET
@member_required(Role.VIEWER)
def file(request: HttpRequest, message_id: int, position: int) -> HttpResponse:
    """An attachment that only the platform can hand out. Never shown as a page of ours, whatever it says it is."""
    message = queries.get_message(message_id)
    try:
        media = services.fetch_attachment(message, position)
    except (IndexError, SendError) as error:
        raise Http404 from error
    mime = media.mime.split(";")[0].strip().lower()
    is_shown = mime.startswith(_SHOWN)
    response = HttpResponse(media.content, content_type=mime if is_shown else "application/octet-stream")
    response.headers["Content-Disposition"] = "inline" if is_shown else "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@require_GET
def upload(request: HttpRequest, upload_id: uuid.UUID, name: str) -> HttpResponseBase:
    """A file that was attached here, for whoever has its address (a visitor, a platform): see uploads."""
    found = Upload.objects.filter(pk=upload_id, name=name).first()
    if found is None or uploads.is_revoked(found):
        raise Http404
    try:
        response = FileResponse(
            uploads.open_file(found),
            content_type=found.mime,
            as_attachment=not uploads.is_shown(found),
            filename=found.name,
        )
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"  # not longer than a deletion may take to be felt
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_GET
@member_required(Role.VIEWER)
def canned(request: HttpRequest) -> HttpResponse:
    """Saved replies that fit what was typed after the slash."""
    typed = request.GET.get("q", "").replace("\x00", "")[:60]
    found = queries.canned_replies(typed)[:8]
    return render(request, "conversations/inbox.html#canned", {"replies": found})
