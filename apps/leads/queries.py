"""Find people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, Count, Max, Prefetch, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404
from django.utils import timezone

from apps.organizations.models import Membership, User
from apps.organizations.queries import current_organization
from apps.ui import text
from apps.ui.paging import Page, first_page, paginate

from . import details, numbers
from .models import Activity, BulkChange, Form, Identity, Label, Lead, Merge, Stage, Tag

ORDERS = {"recent": ("-last_activity_at", "-id"), "score": ("-score", "-id"), "new": ("-id",)}
# Counts stop here: "1,000+" says as much, and costs the same with a million leads.
COUNTED = 1000
COLUMN = 8  # whole cards that a column of the board shows at a time
# What the pages say in their addresses for the two sets below.
OPEN = [stage.value for stage in (Stage.NEW, Stage.CONTACTED, Stage.QUALIFIED, Stage.CONVERTED)]
UNATTENDED = {"label": "hot", "owner": "none", "stage": OPEN}
GONE_QUIET = {"stage": ["qualified", "converted"]}


def leads() -> QuerySet[Lead]:
    """Everybody who was not deleted or merged into somebody else."""
    return Lead.objects.filter(deleted_at=None)


def for_lists(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    """With what a row shows, in a constant number of queries."""
    return (
        rows.select_related("owner")
        .prefetch_related(Prefetch("tags", Tag.objects.order_by("name")))
        .defer("search_text")
    )


def get_lead(lead_id: int, *, deleted: bool = False) -> Lead:
    """The lead, or Http404; deleted ones only where asked for."""
    rows = Lead.objects.all() if deleted else leads()
    lead = rows.select_related("owner").filter(pk=lead_id).first()
    if lead is None:
        raise Http404
    return lead


def search(rows: QuerySet[Lead], typed: str) -> QuerySet[Lead]:
    """Those whose name, company, address, number or handle contains each word typed; one or two letters: begins with."""
    if number := details.digits(typed):
        return rows.filter(reduce(or_, (Q(search_text__contains=one) for one in sorted({number, *_whole(typed)}))))
    for word in text.normalize(typed, 100).split()[:5]:
        rows = rows.filter(search_text__contains=word if len(word) > 2 else f" {word}")
    return rows


def _whole(typed: str) -> set[str]:
    """The digits of a whole number in each way that it may be stored, whatever way it was typed."""
    try:
        return {one.removeprefix("+") for one in numbers.spellings(numbers.read(typed, current_organization().country))}
    except ValueError:
        return set()


# What a row of the list and a card of the board show.
_ROW = (
    "name", "phone", "email", "company", "avatar_url", "stage", "label", "score", "channel", "last_activity_at",
    "owner__name", "owner__email",
)  # fmt: skip
_CARD = (*_ROW, "wants", "last_said")


def page(rows: QuerySet[Lead], cursor: str | None, *, order: str = "recent", size: int = 50) -> Page:
    return paginate(for_lists(rows).only(*_ROW), cursor, order=ORDERS.get(order, ORDERS["recent"]), size=size)


@dataclass
class Column:
    """A stage on the board. `count` stops at COUNTED, and then `more` says so."""

    stage: Stage
    count: int
    page: Page

    @property
    def more(self) -> bool:
        return self.count >= COUNTED


def board(rows: QuerySet[Lead]) -> list[Column]:
    """Every column with its first cards, in two queries."""
    standing = rows.filter(stage=_WANTED)
    newest = standing.order_by(*ORDERS["recent"]).values("pk")[: COLUMN + 1]
    found = _of_each_stage((_KEYS, newest), (_COUNT, _countable(standing)))
    cards = _cards(Lead.objects.all()).in_bulk([pk for keys, _count in found.values() for pk in keys])
    columns = []
    for stage in Stage:
        keys, count = found[stage.value]
        page = first_page([cards[pk] for pk in keys if pk in cards], order=ORDERS["recent"], size=COLUMN)
        columns.append(Column(stage, count, page))
    return columns


def _cards(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    return rows.select_related("owner").only(*_CARD)


def column(rows: QuerySet[Lead], stage: Stage | str, cursor: str | None) -> Page:
    return paginate(_cards(rows.filter(stage=stage)), cursor, order=ORDERS["recent"], size=COLUMN)


def stage_counts(rows: QuerySet[Lead]) -> dict[str, int]:
    """How many stand at each stage, up to COUNTED each, in one query."""
    found = _of_each_stage((_COUNT, _countable(rows.filter(stage=_WANTED))))
    return {stage: count for stage, (count,) in found.items()}


_WANTED = RawSQL("wanted.stage", (), output_field=CharField())
_COUNT = "(SELECT count(*) FROM ({}) few)"
# A filter of several values makes rows distinct, and then what they are ordered by stands beside their key.
_KEYS = "ARRAY(SELECT few.id FROM ({}) few(id))"


def _countable(rows: QuerySet[Lead]) -> QuerySet[Any, Any]:
    return rows.order_by().values("pk")[:COUNTED]


def _of_each_stage(*asked: tuple[str, QuerySet[Any, Any]]) -> dict[str, list[Any]]:
    """For each stage what is asked of it: SQL around a set of leads whose stage is `_WANTED`."""
    parts: list[str] = []
    parameters: list[Any] = []
    for around, rows in asked:
        try:
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:  # a filter that nobody can pass
            sql, given = "SELECT 0::bigint WHERE false", ()
        parts.append(around.format(sql))
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT wanted.stage, {', '.join(parts)} FROM unnest(%s::text[]) AS wanted(stage)",
            [*parameters, Stage.values],
        )
        return {stage: found for stage, *found in cursor.fetchall()}


def count(rows: QuerySet[Lead]) -> int:
    """Up to COUNTED."""
    return rows.order_by()[:COUNTED].count()


def timeline(lead: Lead, cursor: str | None = None, *, size: int = 30) -> Page:
    """The lines kept here alone; the whole of it is timeline.page."""
    return paginate(Activity.objects.filter(lead=lead), cursor, order=("-at", "-id"), size=size)


def activities() -> QuerySet[Activity]:
    return Activity.objects.filter(lead__deleted_at=None)


def same_person(*, email: str = "", phone: str = "", but: int | None = None) -> list[Lead]:
    """Others with the same address or number: possible duplicates, newest first."""
    same = Q(email=email) if email else Q()
    if phone:
        proven = Identity.objects.filter(kind="phone", account="", value=numbers.key(phone), proven_at__isnull=False)
        same |= Q(phone__in=numbers.spellings(phone)) | Q(pk__in=proven.values("lead"))
    return list(leads().filter(same).exclude(pk=but or 0).order_by("-id")[:5]) if same else []


@dataclass
class Certainty:
    """How sure the shown details are: {"phone": what proves it, or "" where it was only said}; `beside`: what else was."""

    proven_by: dict[str, str]
    beside: list[Identity]


def certainty(lead: Lead, identities: Iterable[Identity] | None = None) -> Certainty:
    """Of a lead whose identities may be at hand."""
    known = lead.identities.order_by("id")[:100] if identities is None else identities
    rows = [one for one in known if one.kind in ("email", "phone")]
    shown = {"email": lead.email.lower(), "phone": numbers.key(lead.phone) if lead.phone else ""}
    proven = {
        one.kind: str(one.get_proven_by_display()) for one in rows if one.is_proven and one.value == shown[one.kind]
    }
    return Certainty(
        {kind: proven.get(kind, "") for kind, value in shown.items() if value},
        [one for one in rows if one.value != shown[one.kind]],
    )


def merges_of(lead: Lead) -> list[Merge]:
    """What was merged into this person and can be taken apart, newest first."""
    rows = Merge.objects.filter(kept=lead, undone_at=None, gone__merged_into=lead).select_related("gone")
    return list(rows.order_by("-id")[:20])


def get_merge(merge_id: int) -> Merge:
    found = Merge.objects.select_related("kept", "gone").filter(pk=merge_id).first()
    if found is None:
        raise Http404
    return found


def lives_on_in(lead_id: int) -> int | None:
    """The lead that somebody was merged into, however often; None for who is nobody else."""
    seen: set[int] = set()
    current: int | None = lead_id
    while current is not None and current not in seen:
        seen.add(current)
        following = Lead.objects.filter(pk=current).values_list("merged_into_id", flat=True).first()
        if following is None:
            break
        current = following
    return current if current != lead_id else None


def unattended() -> QuerySet[Lead]:
    """Close to buying, and nobody looks after them."""
    return leads().filter(label=Label.HOT, owner=None, stage__in=OPEN)


def gone_quiet(since: date) -> QuerySet[Lead]:
    """Well on their way, and nothing happened since before that day."""
    return quiet_since(leads().filter(stage__in=GONE_QUIET["stage"]), since)


def quiet_since(rows: QuerySet[Lead], since: date) -> QuerySet[Lead]:
    return rows.filter(last_activity_at__lt=timezone.make_aware(datetime.combine(since, time.min)))


def met_and_furthest(lead_id: int) -> tuple[datetime, str] | None:
    """When somebody was met and how far they came; None for who was deleted or is somebody else now."""
    return leads().filter(pk=lead_id).values_list("created_at", "furthest").first()


def tags() -> QuerySet[Tag]:
    return Tag.objects.all()


def members() -> list[User]:
    """Who can own a lead, by name."""
    rows = Membership.objects.filter(organization=current_organization(), is_active=True).select_related("user")
    return sorted((one.user for one in rows), key=lambda user: str(user).casefold())


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """ "user:7" → "Bob"; what is nobody's name is left out."""
    keys = {actor: actor.partition(":")[2] for actor in actors if actor.startswith(("user:", "staff:"))}
    users = User.objects.in_bulk([int(key) for key in keys.values() if key.isdigit()])
    return {actor: str(users[int(key)]) for actor, key in keys.items() if key.isdigit() and int(key) in users}


def forms() -> QuerySet[Form]:
    return Form.objects.all()


def forms_with_counts() -> QuerySet[Form]:
    return Form.objects.annotate(sent=Count("submissions"), last=Max("submissions__at"))


def get_form(form_id: int) -> Form:
    form = Form.objects.filter(pk=form_id).first()
    if form is None:
        raise Http404
    return form


def find_form(key: str) -> Form:
    """A form in use, by the key in its address, or Http404."""
    form = Form.objects.filter(key=key[:20], is_active=True).first() if "\x00" not in key else None
    if form is None:
        raise Http404
    return form


def get_bulk(bulk_id: int) -> BulkChange:
    bulk = BulkChange.objects.filter(pk=bulk_id).first()
    if bulk is None:
        raise Http404
    return bulk


def said(value: Any) -> str:
    """A filter's value as it can be looked up."""
    return text.line(value, 100)
