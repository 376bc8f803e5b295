"""What platforms tell without anybody having written: lines in a thread, changes of ids, who answers, wishes, the account.

Nothing here is a customer's message: it opens no window, counts as unread nowhere and is answered by nobody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.events import record
from apps.integrations.models import ConnectedAccount, Notice
from apps.integrations.services import keep_notice, note_health
from apps.integrations.surfaces import Checkup
from apps.jobs import clock
from apps.leads import services as leads

from . import approvals, fates
from .adapters import (
    AccountNotice,
    Action,
    Control,
    Holder,
    IdentityChange,
    Preference,
    TemplateNotice,
    ThreadNotice,
)
from .escalations import Escalation
from .events import AccountNoticed
from .incoming import Arrival
from .models import Conversation, Message, Owner
from .ownership import hand_over, leave_to_others, return_to_bot, unanswered, write_notice
from .replies import schedule_answer

ONCE_IN = timedelta(days=1)  # what comes again and again is kept as often


def thread_notice(arrival: Arrival, fact: ThreadNotice) -> None:
    """Something happened around a thread: one line there, beside the account where there is no thread."""
    conversation = arrival.known(fact.person, arrival.account(fact.account))
    if conversation is None:
        notice(arrival, fact)
    else:
        _line(conversation, fact, str(fact.about), label=fact.label, details=fact.details)


def control(arrival: Arrival, fact: Control) -> None:
    """The platform says who answers a thread from now on."""
    conversation = arrival.known(fact.person, arrival.account(fact.account))
    if conversation is None:
        notice(arrival, fact)
        return
    if not _line(conversation, fact, f"control_{fact.holder}"):
        return
    if fact.holder is Holder.OTHERS and conversation.owner == Owner.BOT:
        leave_to_others(conversation, notice="")
    elif fact.holder is Holder.PEOPLE:
        hand_over(conversation, reason=Escalation.PLATFORM, actor="app", notice="")
    elif fact.holder is Holder.US and conversation.owner == Owner.OTHER:
        return_to_bot(conversation, user=None, actor="app", notice="")
        if unanswered(conversation):
            schedule_answer(conversation)


def _line(conversation: Conversation, fact: ThreadNotice, name: str, **data: Any) -> bool:
    """Write it into the thread, once; False where it stands there already."""
    if Message.objects.filter(conversation=conversation, external_id=fact.id).exists():
        return False
    line = write_notice(conversation, name, **{key: value for key, value in data.items() if value})
    Message.objects.filter(pk=line.pk).update(external_id=fact.id, at=min(fact.at, clock.now()))
    conversation.change()
    return True


def identity_change(arrival: Arrival, fact: IdentityChange) -> None:
    """A person's number or user id changed: their thread goes on, and we write to the new one.

    Where the new one is another person's already nothing is merged: it may be somebody else's by now. People look.
    """
    account = arrival.account(fact.account)
    current = (fact.person.id, *fact.person.aliases)
    threads = Conversation.objects.filter(account=account)
    moved = leads.move_identity(
        account.channel,
        account.external_id,
        previous=fact.previous,
        current=current,
        at=fact.at,
        in_use=list(threads.filter(identity__value__in=fact.previous).values_list("identity_id", flat=True)),
    )
    if moved is None:
        if arrival.known(fact.person, account) is None:
            notice(arrival, fact)
        return
    old, new = _shown(fact.previous), _shown(current)
    for key in threads.filter(lead=moved.lead).values_list("pk", flat=True):
        conversation = Conversation.locked(key)
        if conversation is None:
            continue
        if moved.taken_by is not None:
            write_notice(conversation, "id_taken", name=str(moved.taken_by), lead=moved.taken_by.pk, old=old, new=new)
        else:
            write_notice(conversation, "identity_changed", old=old, new=new)
        conversation.change()


def _shown(ids: tuple[str, ...]) -> str:
    """The id that says most to people: a phone number where there is one."""
    number = next((one for one in ids if one.lstrip("+").isdigit()), "")
    return f"+{number.lstrip('+')}" if number else next(iter(ids), "")


def preference(arrival: Arrival, fact: Preference) -> None:
    """A person told the platform to stop, or to resume, a category of messages."""
    account = arrival.account(fact.account)
    conversation, _started = arrival.conversation(account, fact.person)
    scope = "marketing" if "marketing" in fact.category.lower() else "all"
    if fact.wanted:
        fates.unsuppress(conversation, scope=scope)
    else:
        fates.suppress(conversation, scope=scope, reason=f"{fact.category}: {fact.text}"[:200])
    conversation.change()


def notice(arrival: Arrival, fact: AccountNotice) -> None:
    """The platform speaks about the account itself."""
    account = arrival.account(fact.account)
    at = min(fact.at, clock.now())
    if fact.often and _was_kept(account, fact, at):
        return
    record(AccountNoticed(account_id=account.pk, channel=account.channel, topic=fact.topic[:80], text=fact.text[:500]))
    # What is said of the whole business account concerns all its numbers.
    for one in [account] if fact.account == account.external_id else approvals.sharing(account):
        keep_notice(one, topic=fact.topic, text=fact.text, details=fact.details, at=at)
    if fact.reason is not None and fact.reason.action is Action.RECONNECT:
        note_health(
            account,
            Checkup(ok=False, code=fact.reason.code, problem=fact.reason.text, must_reconnect=True),
        )


def _was_kept(account: ConnectedAccount, fact: AccountNotice, at: Any) -> bool:
    return Notice.objects.filter(account=account, topic=fact.topic[:80], at__gt=at - ONCE_IN).exists()


def template_notice(arrival: Arrival, fact: TemplateNotice) -> None:
    """The platform has judged a template: it may be sent from now on, or not any more."""
    account = arrival.account(fact.account)
    if fact.state:
        approvals.note_state(account, fact.name, fact.language, state=fact.state, why=fact.why, at=fact.at)
    notice(arrival, fact)
