"""Every verb of every service says what it takes, once; and this is what each kind of actor gets.

`VERBS` is the table: a verb, and the least role that may do it; `no keys`, `no staff`: those may not, whatever their role;
`fresh`: a person must have proven themselves a moment ago. Changing what somebody may do changes a line here.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.jobs import clock
from apps.organizations.access import actor_of
from apps.organizations.actors import CONSOLE, GIVEN, Actor, Can, Kind, NotAllowed, inner
from apps.organizations.models import Role

# Where verbs live. What is imported from elsewhere is not looked at twice.
SERVICES = (
    "organizations.services", "integrations.services", "catalog.services", "leads.services", "leads.bulk",
    "leads.merging", "leads.submissions", "webhooks_outbox.services", "webhooks_outbox.catching",
    "conversations.services", "conversations.drafts",
    "ai.services", "webchat.services", "simulator.services", "analytics.services",
)  # fmt: skip

VERBS = """
organizations.services  update_organization                                          manager
organizations.services  invite                                                       manager  no-keys fresh
organizations.services  change_role reactivate_member                                manager  no-keys fresh
organizations.services  deactivate_member revoke_invitation                          manager  no-keys
organizations.services  create_api_key                                               manager  no-keys no-staff fresh
organizations.services  revoke_api_key                                               manager  no-keys no-staff
organizations.services  update_profile end_sign_in end_other_sign_ins                viewer   no-keys
organizations.services  create_organization claim_domain                             nobody
organizations.services  pause_organization resume_organization                       nobody
organizations.services  make_account update_account give_password set_staff          nobody
organizations.services  switch_off switch_on try_again change_schedule               nobody
organizations.services  let_in                                                       manager  no-keys fresh
integrations.services   connect_account                                              manager  no-staff fresh
integrations.services   check_account disconnect_account retry_delivery              manager
catalog.services        create_item update_item set_stock                            agent
catalog.services        add_image remove_image order_images                          agent
catalog.services        archive_item restore_item save_category delete_category      manager
leads.services          create_lead capture_details clear_detail set_custom_field    agent
leads.services          confirm_detail                                               agent
leads.services          set_owner add_tag set_tags remove_tag                        agent
leads.services          move_to_stage advance_stage set_label set_priority           agent
leads.services          add_note log_activity                                        agent
leads.services          delete_lead restore_lead                                     manager
leads.bulk              start undo                                                   agent
leads.merging           merge_leads unmerge_leads                                    agent
leads.submissions       save_form                                                    manager
webhooks_outbox.services  create_endpoint rotate_secret                              manager  no-staff fresh
webhooks_outbox.services  update_endpoint pause resume delete_endpoint               manager
webhooks_outbox.catching  start                                                      manager
webhooks_outbox.services  send_test replay replay_many                               manager
conversations.services  take_over give_back hand_off assign                          agent
conversations.services  add_note snooze resolve undo_resolve reopen                  agent
conversations.services  mark_read mark_unread                                        agent
conversations.services  send_message retry_message cancel_message                    agent
conversations.services  save_canned_reply delete_canned_reply                        agent
conversations.services  save_template delete_template                                manager
conversations.services  note_presence leave fetch_attachment                         viewer
conversations.drafts    ask drop                                                     agent
ai.services             save_persona save_intent delete_intent save_note delete_note  manager
webchat.services        save_widget switch                                           manager
simulator.services      connect start say react see keep_picture                     agent
"""

# Verbs that ask nobody, and why.
OPEN = {
    "organizations.services": {
        "accept_invitation": "the link is the proof, for one address",
        "add_member": "the last step of an invitation or of a new organization",
        "send_invitation": "a step of invite", "link_to_show": "a read",
        "join": "the link is the proof, for one address",
        "ask_to_confirm": "mails people the link for their own address", "confirm_address": "the link is the proof",
        "prove_domain": "asks the name itself", "prove_again": "a job",
        "ai_level": "a read", "check_budgets": "a job", "meter": "counts what was used",
        "health_probe": "a socket", "on_new_organization": "a socket",
        "refresh_health": "a job", "refresh_health_soon": "plans a job", "report_failure": "the product tells of itself",
    },
    "integrations.services": {"keep_notice": "what a platform says", "note_health": "what a platform says",
                              "note_displaced": "what a platform says"},
    "catalog.services": {
        "clean_attributes": "reads what was given", "clean_texts": "reads what was given",
        "index_items": "the search follows the item",
    },
    "leads.services": {
        "came_together": "a read", "is_proven": "a read",
        "capture": "a tool of the assistant; asks through capture_details", "complete_profile": "what a platform says",
        "find_or_create_by_identity": "somebody wrote", "find_tag": "a read", "index_lead": "the search follows",
        "is_member": "a read", "is_person": "a read", "note_answer": "follows a message", "note_message": "somebody wrote",
        "note_system": "a line about the record", "rescore": "follows a fact", "rescore_all": "a job",
        "signal": "follows a fact", "correct_said": "somebody rewrote", "note_wish": "follows an answer",
        "move_identity": "what a platform says",
    },
    "leads.bulk": {"needed": "a read", "proceed": "asks for whoever began it"},
    "leads.submissions": {"origin_of": "a read", "submit": "a form for anybody"},
    "webhooks_outbox.services": {
        "clean_url": "reads what was given", "clean_types": "reads what was given",
        "create_first_endpoint": "a new organization's", "create_deliveries": "follows a fact", "body_of": "a read",
        "prune": "a job",
    },
    "webhooks_outbox.catching": {
        "endpoint": "a read", "address_of": "a read", "newest": "a read", "catch": "the signature decides",
    },
    "conversations.services": {
        "follow_person": "follows a merge", "note_customer_typing": "the customer", "was_sent": "a read",
        "wake_snoozed": "a job",
    },
    "conversations.drafts": {
        "suggestion_of": "a read", "write": "a job", "suggest": "a job", "settle": "a step of send_message",
        "is_for_people": "a read",
    },
    "ai.services": dict.fromkeys(("built_in_only", "within", "seconds_left", "ask", "account_of", "mark_used", "briefing_for", "system_prompt", "leaked", "first_persona"), "asked by the product, under the organization's budget"),
    "webchat.services": {
        "open_chat": "a new organization's", "write": "a visitor", "read": "a visitor", "types": "a visitor",
    },
    "simulator.services": dict.fromkeys(("tell", "tell_read"), "what a platform says"),
    "analytics.services": {"follow_lead": "follows a fact", "tally": "follows a fact"},
}  # fmt: skip


def verbs_of(name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    module = importlib.import_module(f"apps.{name}")
    for verb, found in inspect.getmembers(module, callable):
        home = inspect.unwrap(found).__module__ if inspect.isfunction(found) else ""
        if not verb.startswith("_") and home.startswith(f"apps.{name}"):
            yield verb, found


def table() -> dict[tuple[str, str], tuple[str, set[str]]]:
    found = {}
    for line in VERBS.strip().splitlines():
        place, *words = line.split()
        flags = {word for word in words if word in {"no-keys", "no-staff", "fresh"}}
        *names, least = [word for word in words if word not in flags]
        found.update({(place, name): (least, flags) for name in names})
    return found


def test_every_verb_says_what_it_takes():
    declared = {(place, verb) for place in SERVICES for verb, found in verbs_of(place) if hasattr(found, "needs")}
    silent = {
        (place, verb)
        for place in SERVICES
        for verb, found in verbs_of(place)
        if not hasattr(found, "needs") and verb not in OPEN.get(place, {})
    }
    assert not silent, f"Declare with @needs, or say in OPEN why not: {sorted(silent)}"
    assert declared == set(table()), "The table says otherwise"


def test_no_exception_outlives_its_verb():
    for place, names in OPEN.items():
        there = {verb for verb, found in verbs_of(place) if not hasattr(found, "needs")}
        assert set(names) <= there, f"{place}: {sorted(set(names) - there)}"


ACTORS = {
    **{role.value: Actor("user:1", Kind.MEMBER, role=role) for role in Role},
    **{f"key-{role.value}": Actor("api_key:1", Kind.KEY, role=role) for role in Role},
    "staff": Actor("staff:1", Kind.STAFF, role=Role.MANAGER),
    "visitor": Actor("visitor", Kind.VISITOR),
    "stranger": Actor("user:1", Kind.STRANGER),
    "inner": inner("automation:x"),
}


def expected(who: str, can: Can, least: str, flags: set[str]) -> bool:
    if who in ("visitor", "stranger"):
        return False
    if who == "inner":
        return True
    if who == "console":
        return can in CONSOLE or can is Can.BE_ONESELF
    if least == "nobody":
        return False
    if who == "staff":
        return "no-staff" not in flags and Role.MANAGER.includes(Role(least))
    role = Role(who.removeprefix("key-"))
    return role.includes(Role(least)) and not (who.startswith("key-") and "no-keys" in flags)


def refusal(verb: Callable[..., Any], actor: Actor) -> str:
    """The code with which a verb refuses somebody; "" where it goes on, if only to its missing arguments."""
    try:
        verb(by=actor)
    except NotAllowed as refused:
        return refused.code
    except (TypeError, ValidationError):
        pass
    return ""


def test_all_verbs_and_all_roles(acme, dana):
    """Each verb is called as each actor: refused before anything else, or let through to its missing arguments."""
    now = clock.now()
    wrong = []
    for (place, name), (least, flags) in table().items():
        verb = dict(verbs_of(place))[name]
        # With every right of the console; each by itself: test_console_rights.py.
        for who, actor in {**ACTORS, "console": Actor(f"user:{dana.pk}", Kind.CONSOLE, user=dana)}.items():
            actor.proven_at = now
            allowed = not refusal(verb, actor)
            if allowed != expected(who, verb.needs.can, least, flags):
                wrong.append(f"{place}.{name} as {who}: {allowed}")
    assert not wrong, "\n".join(wrong)


def test_what_is_delicate_wants_a_fresh_proof(acme):
    stale = Actor("user:1", Kind.MEMBER, role=Role.OWNER, proven_at=clock.now() - timedelta(hours=1))
    for (place, name), (least, flags) in table().items():
        if least == "nobody":
            continue
        code = refusal(dict(verbs_of(place))[name], stale)
        assert (code == "reauthentication_required") == ("fresh" in flags), f"{place}.{name}"


def test_every_capability_is_given_and_used():
    assert set(GIVEN) == set(Can)


def test_nobody_acts_in_somebody_else_s_name(acme, alice, bob, rf):
    """Inside a request a bare name or another person gives no rights."""
    from apps.catalog import services as catalog
    from apps.leads import services as leads
    from apps.organizations import audit

    request = rf.get("/")
    request.user, request.tenant, request.membership = bob, acme, bob.memberships.get()
    with audit.acting(request):
        lead = leads.create_lead(by=actor_of(request))
        for name in (f"user:{alice.pk}", "staff:1", "api_key:1", "owner", alice):
            with pytest.raises(NotAllowed):
                leads.add_note(lead, "x", by=name)
        with pytest.raises(NotAllowed):
            catalog.save_category(name="Boots")  # says nobody: it is bob who asks
        leads.add_note(lead, "x", by=f"user:{bob.pk}")
        leads.add_note(lead, "x", by="customer")
