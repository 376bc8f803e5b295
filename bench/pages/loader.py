"""A tenant with a million people and five million messages, made in the database itself in a few minutes.

The rows are what the product would have written, as far as pages read them: names in two scripts, words that are rare
and words that are in every tenth message, conversations in every state, two years of days. Nothing is random: the same
scale makes the same rows. A database that is there already is used again (its name says scale and migrations, a comment
that it is complete).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import models
from psycopg import sql

LEADS, CONVERSATIONS, MESSAGES, ACTIVITIES = 1_000_000, 500_000, 5_000_000, 1_000_000
BITE = 500_000
RARE, COMMON = "zanzibar", "delivery"  # in 5 messages in all; in every tenth
_PRIME = 1_299_709  # spreads messages over conversations; divides no count in use
_SENTENCES = 1024
_FIRST = "Amira Sami Mona Layla Omar Yara Karim Nadia Hassan Salma Anna Peter Julia Marco Elena Ivan سارة محمد ليلى خالد".split()
_LAST = "Haddad Khoury Nasser Mansour Saleh Aziz Farah Rahman Weber Rossi Novak Costa Silva Meyer Dubois الحداد منصور".split()
_COMPANIES = ["", "", "", "Harbor Tools", "Cedar Trading", "Blue Nile Export", "Alpine Works", "Nordic Supply"]
_WORDS = (
    "hello do you have safety boots in size 44 what is the price please send me a picture thank you when can I pick it up "
    "is it still available which colors are there we need twenty pairs for our team can you deliver on friday how much "
    "would that cost with tax I would like to order the same as last time yes that one no the other one is fine"
).split()


@dataclass(frozen=True)
class Scale:
    leads: int
    conversations: int
    messages: int
    activities: int

    @classmethod
    def of(cls, factor: float) -> Scale:
        """Whole numbers that keep ten messages to a conversation."""
        conversations = max(1000, int(CONVERSATIONS * factor))
        return cls(
            max(2000, int(LEADS * factor)), conversations, 10 * conversations, max(1000, int(ACTIVITIES * factor))
        )

    def __str__(self) -> str:
        return f"{self.leads:,} leads, {self.messages:,} messages in {self.conversations:,} conversations"


def load(schema: str, scale: Scale, *, owner_id: int) -> None:
    """Fill an empty tenant."""
    from django.apps import apps

    tables = {label: apps.get_model(label) for label in (
        "leads.Lead", "leads.Identity", "leads.Activity", "leads.Lead_tags",
        "conversations.Conversation", "conversations.Message",
    )}  # fmt: skip
    with _link(schema) as link:
        _say("people's names and sentences")
        _vocabulary(link)
        account = _account(link)
        with _without_indexes(link, [model._meta.db_table for model in tables.values()]):
            for label, fill in (
                ("leads.Lead", _leads), ("leads.Identity", _identities), ("leads.Lead_tags", _tags),
                ("leads.Activity", _activities), ("conversations.Conversation", _conversations),
                ("conversations.Message", _messages),
            ):  # fmt: skip
                fill(link, tables[label], scale, account=account, owner_id=owner_id)
        _tallies(link)
        for model in tables.values():
            if model._meta.auto_field and model._meta.auto_field.column == "id":
                table = model._meta.db_table
                link.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        _say("statistics")
        link.execute("VACUUM (ANALYZE)")
        link.execute("CHECKPOINT")


def _say(what: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {what} …", flush=True)


@contextmanager
def _link(schema: str) -> Iterator[psycopg.Connection[Any]]:
    from bench import stage

    with psycopg.connect(stage.address(), autocommit=True) as link:
        link.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema)))
        for setting in ("maintenance_work_mem = '512MB'", "work_mem = '128MB'", "synchronous_commit = off"):
            link.execute(f"SET {setting}")  # type: ignore[arg-type]
        yield link


@contextmanager
def _without_indexes(link: psycopg.Connection[Any], tables: Sequence[str]) -> Iterator[None]:
    """Take unique constraints, foreign keys and indexes away, and make them again over what is then there."""
    again: list[str] = []
    constraints = link.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype FROM pg_constraint"
        " WHERE connamespace = current_schema()::regnamespace AND (contype = 'u' AND conrelid = ANY(%(t)s::regclass[])"
        "    OR contype = 'f' AND (conrelid = ANY(%(t)s::regclass[]) OR confrelid = ANY(%(t)s::regclass[])))"
        " ORDER BY contype DESC",
        {"t": list(tables)},
    ).fetchall()
    for table, name, _rule, _kind in sorted(constraints, key=lambda row: row[3]):
        link.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = link.execute(
        "SELECT quote_ident(indexname), indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ANY(%s)"
        "   AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace)",
        [list(tables)],
    ).fetchall()
    for name, definition in indexes:
        link.execute(f"DROP INDEX {name}")
        again.append(definition)
    again += [f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}" for table, name, rule, _kind in constraints]
    yield
    for statement in again:
        _say(statement[:110])
        link.execute(statement)  # type: ignore[arg-type]


def _insert(link: psycopg.Connection[Any], model: type[models.Model], rows: str, **given: str) -> int:
    """INSERT … SELECT with an expression for each column named; the others get the model's defaults."""
    columns: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        expression = given.pop(field.name, None) or given.pop(field.attname, None)
        if expression is None and not field.null and not field.primary_key:
            expression = _default(field)
        if expression is not None:
            columns[field.column or ""] = expression
    assert not given, f"{model.__name__} has no {', '.join(given)}"
    names, values = ", ".join(columns), ", ".join(columns.values())
    return link.execute(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {rows}").rowcount  # type: ignore[arg-type]


def _default(field: models.Field[Any, Any]) -> str:
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if isinstance(field, models.DateTimeField):
        return "now()"
    value = field.get_default()
    if isinstance(field, models.JSONField):
        value = json.dumps(value)
    return sql.Literal(value).as_string(None)


def _bites(total: int, what: str) -> Iterator[str]:
    """generate_series(…) g for a bite at a time: short transactions, and somebody who waits sees it move."""
    for start in range(1, total + 1, BITE):
        _say(f"{what} {start:,} of {total:,}")
        yield f"generate_series({start}, {min(total, start + BITE - 1)}) g"


def _h(seed: int, modulus: int, key: str = "g") -> str:
    """A number from 0 below `modulus`, always the same for the same key."""
    return f"((hashint8extended(({key})::bigint, {seed}) & 2147483647) % {modulus})::int"


def _one_of(values: Sequence[str], seed: int, key: str = "g") -> str:
    listed = ", ".join(sql.Literal(value).as_string(None) for value in values)
    return f"(ARRAY[{listed}])[1 + {_h(seed, len(values), key)}]"


def _vocabulary(link: psycopg.Connection[Any]) -> None:
    link.execute("CREATE TEMP TABLE sentence (n int PRIMARY KEY, said text)")
    with link.cursor().copy("COPY sentence FROM STDIN") as copy:
        for number in range(_SENTENCES):
            words = [
                _WORDS[(number * 7 + place * place * 13 + place) % len(_WORDS)] for place in range(6 + number % 17)
            ]
            if number % 10 == 0:
                words.insert(3, COMMON)
            copy.write_row((number, " ".join(words).capitalize() + ("?" if number % 3 else ".")))


def _account(link: psycopg.Connection[Any]) -> int:
    from apps.integrations.models import ConnectedAccount
    from apps.organizations import encryption

    _insert(
        link,
        ConnectedAccount,
        "(SELECT 1) one",
        channel="'facebook'",
        external_id="'bench-page'",
        name="'Acme'",
        credentials=f"'\\x{encryption.encrypt({}).hex()}'::bytea",
    )
    return int(link.execute("SELECT max(id) FROM integrations_connectedaccount").fetchone()[0])  # type: ignore[index]


def _name(key: str) -> str:
    return f"{_one_of(_FIRST, 1, key)} || ' ' || {_one_of(_LAST, 2, key)}"


def _leads(link: psycopg.Connection[Any], model: Any, scale: Scale, *, owner_id: int, **_: Any) -> None:
    name, company = _name("g"), _one_of(_COMPANIES, 3)
    email, phone = "'p' || g || '@mail.example'", "'+9715' || lpad(g::text, 8, '0')"
    last = f"now() - ({_h(4, 730 * 86400)}) * interval '1 second'"
    stages = ["new"] * 5 + ["contacted"] * 4 + ["qualified"] * 3 + ["converted", "won", "lost"]
    for bite in _bites(scale.leads, "leads"):
        _insert(
            link, model, f"{bite}, LATERAL (SELECT {name} AS name, {company} AS company, {email} AS email, {phone} AS phone, {last} AS last) x",
            id="g", name="x.name", company="x.company", email="x.email", phone="x.phone", language="'en'",
            stage=_one_of(stages, 5), label=_one_of(["cold", "cold", "cold", "warm", "warm", "hot"], 6), score=_h(7, 100),
            channel=_one_of(["facebook", "whatsapp", "instagram"], 8), owner=f"CASE WHEN {_h(9, 5)} = 0 THEN {owner_id} END",
            last_activity_at="x.last", stage_changed_at="x.last", created_at="x.last - interval '20 days'", captured_at="x.last",
            deleted_at=f"CASE WHEN {_h(10, 100)} = 0 THEN now() END",
            search_text="' ' || lower(concat_ws(' ', x.name, nullif(x.company, ''), x.email, x.phone))",
        )  # fmt: skip


def _identities(link: psycopg.Connection[Any], model: Any, scale: Scale, **_: Any) -> None:
    for bite in _bites(scale.leads, "identities"):
        _insert(link, model, bite, id="g", lead_id="g", kind="'facebook'", account="'bench-page'", value="'psid-' || g")


def _tags(link: psycopg.Connection[Any], model: Any, scale: Scale, **_: Any) -> None:
    link.execute("INSERT INTO leads_tag (name) SELECT 'tag ' || g FROM generate_series(1, 40) g")
    first = link.execute("SELECT min(id) FROM leads_tag").fetchone()[0]  # type: ignore[index]
    for bite in _bites(scale.leads, "tags"):
        rows = f"{bite} WHERE {_h(11, 4)} = 0"
        _insert(link, model, rows, lead_id="g", tag_id=f"{first} + {_h(12, 40)}")


def _activities(link: psycopg.Connection[Any], model: Any, scale: Scale, **_: Any) -> None:
    for bite in _bites(scale.activities, "activities"):
        at = f"now() - ({_h(13, 730 * 86400)}) * interval '1 second'"
        _insert(
            link, model, bite, id="g", lead_id=f"1 + {_h(14, scale.leads)}", kind=_one_of(["note", "stage", "message"], 15),
            text="'Called back about the order'", actor="'bot'", at=at,
        )  # fmt: skip


def _conversations(link: psycopg.Connection[Any], model: Any, scale: Scale, *, account: int, owner_id: int) -> None:
    """Conversation c belongs to lead 2c (mod leads); its last message is among the last tenth of all messages."""
    first = scale.messages - scale.conversations
    for bite in _bites(scale.conversations, "conversations"):
        number = f"(({first} + g)::bigint * {_PRIME} % {scale.conversations}) + 1"
        lead = f"1 + (2 * ({number})) % {scale.leads}"
        _insert(
            link, model, f"{bite}, LATERAL (SELECT {number} AS c, {first} + g AS last, {_at(f'{first} + g', scale)} AS at) x",
            id="x.c", channel="'facebook'", account_id=str(account), lead_id=lead, identity_id=lead,
            status=_one_of(["open", "open", "resolved", "resolved", "snoozed"], 16), owner=_one_of(["bot"] * 9 + ["human"], 17),
            assignee=f"CASE WHEN {_h(18, 20)} = 0 THEN {owner_id} END", last_message_id="x.last", last_message_at="x.at",
            last_inbound_at="x.at", waiting_since=f"CASE WHEN {_h(19, 200)} = 0 THEN x.at END",
            unread=f"CASE WHEN {_h(20, 50)} = 0 THEN 2 ELSE 0 END", window_until="x.at + interval '1 day'", language="'en'",
            created_at="x.at - interval '1 year'",
        )  # fmt: skip


def _at(number: str, scale: Scale) -> str:
    """Two years of messages, one after the other."""
    return f"now() - ({scale.messages} - ({number})) * interval '{730 * 86400 / scale.messages} seconds'"


def _messages(link: psycopg.Connection[Any], model: Any, scale: Scale, **_: Any) -> None:
    rare = f"CASE WHEN g % {scale.messages // 5} = 7 THEN ' {RARE}' WHEN g % 1000 = 3 THEN ' warranty' ELSE '' END"
    for bite in _bites(scale.messages, "messages"):
        _insert(
            link, model, f"{bite} JOIN sentence s ON s.n = {_h(21, _SENTENCES)}",
            id="g", conversation_id=f"(g::bigint * {_PRIME} % {scale.conversations}) + 1",
            direction="CASE WHEN g % 2 = 0 THEN 'out' ELSE 'in' END", sender="CASE WHEN g % 2 = 0 THEN 'bot' ELSE 'customer' END",
            text=f"s.said || ' ' || g || {rare}", external_id="'m_' || md5(g::text)", status="CASE WHEN g % 2 = 0 THEN 'read' ELSE 'received' END",
            trace="md5(g::text)::uuid", at=_at("g", scale), created_at=_at("g", scale), status_at=_at("g", scale),
        )  # fmt: skip


def _tallies(link: psycopg.Connection[Any]) -> None:
    from apps.analytics.models import Tally

    for metric, splits in (
        ("lead.created", ["facebook", "whatsapp"]), ("message.received", ["facebook", "whatsapp", "instagram", "webchat"]),
        ("message.sent", ["bot", "user"]), ("reply.time", ["bot", "user"]), ("conversation.started", ["facebook", "whatsapp"]),
        ("lead.furthest", ["new", "contacted", "qualified", "converted", "won"]), ("conversation.handed_off", ["facebook"]),
    ):  # fmt: skip
        for split in splits:
            literal = sql.Literal(split).as_string(None)
            _insert(
                link, Tally, "generate_series(0, 730) g", day="current_date - g", metric=f"'{metric}'", split=literal,
                count=f"100 + {_h(22, 900)}", total=f"{_h(23, 90000)}",
            )  # fmt: skip
