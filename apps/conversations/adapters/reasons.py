"""Meta's errors in plain words, and what each asks for.

Sources: developers.facebook.com "Messenger Platform common error codes" (March 2026), "WhatsApp error codes"
(May 2026), "Page messages" (errors 10900 to 10904), "Business-scoped user IDs" (131062); Instagram's window
error 10/2534022 as reported in composio issue 3604; the dead tags' error 100 in chatwoot issue 14674.

The sentences are English source text marked with `_` for extraction; whoever shows one passes it through
gettext. A code that is not in the table says so, and keeps the platform's own words in `details`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from apps.conversations.adapters import Action, Reason
from apps.conversations.adapters.reading import identifier, mapping, text


def _(sentence: str) -> str:
    return sentence


class Meaning(NamedTuple):
    action: Action
    text: str
    wait: timedelta | None = None


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_SHUT = _("The reply window is shut: the customer has to write first, or an approved template can be sent.")
_RATE = _("The platform limits how fast this account may send; the message goes out later by itself.")
_PERMISSION = _("A permission for this account is missing or was taken back; connect the account again.")
_SIGN_IN = _("The sign-in to this account has expired or was taken back; connect the account again.")
_AWAY = _("This person cannot be reached: they blocked messages, left, or their account is gone.")
_TROUBLE = _("The platform had a problem of its own; the message goes out later by itself.")
_TEMPLATE_PARAMETERS = _("The template's variables do not fit the approved text; check their number and content.")
_TEMPLATE_OFF = _("This template was paused or switched off by the platform; choose another one.")
_MEDIA = _("The platform could not take the attachment; check its type, its size and that its address is public.")
_WRONG = _("The platform did not accept the message as it is written; it has to be changed.")
_NOT_FOUND = _("The platform knows no such person for this account, or no such account.")
_POLICY = _("The platform restricts this account because of its policies; look at the account's quality page there.")
_NUMBER = _("This phone number is not registered for sending; finish its set-up with the platform.")
_UNKNOWN = _("The platform refused with an error that we do not know yet; its code is shown with it.")
_AMBIGUOUS = _("The platform had a problem after it took the message: it may or may not have been delivered.")

MEANINGS: dict[str, Meaning] = {
    # Signing in and permissions
    "0": Meaning(Action.RECONNECT, _SIGN_IN),
    "3": Meaning(Action.RECONNECT, _PERMISSION),
    "10": Meaning(Action.RECONNECT, _PERMISSION),
    "102": Meaning(Action.RECONNECT, _SIGN_IN),
    "190": Meaning(Action.RECONNECT, _SIGN_IN),
    "200": Meaning(Action.RECONNECT, _PERMISSION),
    "230": Meaning(Action.RECONNECT, _PERMISSION),
    "131005": Meaning(Action.RECONNECT, _PERMISSION),
    # The reply window
    "10/2018065": Meaning(Action.TEMPLATE, _SHUT),
    "10/2018278": Meaning(Action.TEMPLATE, _SHUT),
    "10/2534022": Meaning(Action.TEMPLATE, _SHUT),
    "131047": Meaning(Action.TEMPLATE, _SHUT),
    # Too fast
    "4": Meaning(Action.RETRY, _RATE, 10 * MINUTE),
    "17": Meaning(Action.RETRY, _RATE, 10 * MINUTE),
    "32": Meaning(Action.RETRY, _RATE, 10 * MINUTE),
    "341": Meaning(Action.RETRY, _RATE, HOUR),
    "613": Meaning(Action.RETRY, _RATE, 5 * MINUTE),
    "80007": Meaning(Action.RETRY, _RATE, 10 * MINUTE),
    "130429": Meaning(Action.RETRY, _RATE, MINUTE),
    "131056": Meaning(
        Action.RETRY,
        _("Too many messages to this person in a short time; the message goes out a little later by itself."),
        timedelta(seconds=30),
    ),
    "131048": Meaning(
        Action.RETRY,
        _("The platform slows this account down because people reported or blocked it; we try again later."),
        6 * HOUR,
    ),
    "133016": Meaning(Action.RETRY, _RATE, 3 * DAY),
    # Passing trouble (1 and 2 are AMBIGUOUS when a message was sent)
    "1": Meaning(Action.RETRY, _TROUBLE, MINUTE),
    "2": Meaning(Action.RETRY, _TROUBLE, MINUTE),
    "-1": Meaning(Action.RETRY, _TROUBLE, MINUTE),
    "1200": Meaning(Action.RETRY, _TROUBLE, MINUTE),
    "131000": Meaning(Action.RETRY, _TROUBLE, MINUTE),
    "131016": Meaning(Action.RETRY, _TROUBLE, 2 * MINUTE),
    "131057": Meaning(Action.RETRY, _TROUBLE, 10 * MINUTE),
    "133004": Meaning(Action.RETRY, _TROUBLE, 10 * MINUTE),
    # This person
    "551": Meaning(Action.STOP, _AWAY),
    "10/2018108": Meaning(Action.STOP, _AWAY),
    "200/1545041": Meaning(Action.STOP, _AWAY),
    "100/2018001": Meaning(Action.STOP, _NOT_FOUND),
    "100/2534014": Meaning(Action.STOP, _NOT_FOUND),
    "10900": Meaning(Action.FIX, _("This comment was already answered; the platform allows one private reply.")),
    "10903": Meaning(Action.STOP, _("This person cannot be answered here.")),
    "10904": Meaning(
        Action.RECONNECT, _("Messages are switched off in the settings of this page; switch them on there.")
    ),
    "130472": Meaning(
        Action.STOP,
        _("The platform kept this message back as part of an experiment; sending it again does not help."),
    ),
    "131021": Meaning(Action.STOP, _("The message was addressed to the account's own number.")),
    "131026": Meaning(
        Action.STOP,
        _("The message cannot be delivered: the number is not on WhatsApp, or the app there is too old."),
    ),
    "131030": Meaning(
        Action.STOP, _("While the account is in test mode it can only write to the numbers on its list.")
    ),
    "131062": Meaning(
        Action.FIX,
        _("This kind of message needs the person's phone number, and WhatsApp does not tell us theirs."),
    ),
    "131049": Meaning(
        Action.RETRY,
        _("WhatsApp limits how much marketing this person gets just now; we try again after a day."),
        DAY,
    ),
    "131050": Meaning(Action.SUPPRESS, _("This person stopped marketing messages from the business on WhatsApp.")),
    # Policies and account state
    "10/1893063": Meaning(Action.RECONNECT, _POLICY),
    "368": Meaning(Action.RECONNECT, _POLICY),
    "2022": Meaning(Action.RECONNECT, _POLICY),
    "130497": Meaning(Action.STOP, _("The platform does not let this business write to people in that country.")),
    "131031": Meaning(Action.RECONNECT, _POLICY),
    "131042": Meaning(
        Action.RECONNECT, _("The payment method of this WhatsApp account has a problem; settle it with Meta.")
    ),
    "131037": Meaning(Action.RECONNECT, _("The display name of this number still needs WhatsApp's approval.")),
    "131045": Meaning(Action.RECONNECT, _NUMBER),
    "133000": Meaning(Action.RECONNECT, _NUMBER),
    "133005": Meaning(Action.RECONNECT, _NUMBER),
    "133006": Meaning(Action.RECONNECT, _NUMBER),
    "133010": Meaning(Action.RECONNECT, _NUMBER),
    "33": Meaning(Action.RECONNECT, _("The platform no longer knows this phone number; connect the account again.")),
    "100/33": Meaning(
        Action.RECONNECT, _("The account does not exist, or this sign-in may not use it; connect it again.")
    ),
    # Templates
    "132000": Meaning(Action.FIX, _TEMPLATE_PARAMETERS),
    "132001": Meaning(Action.FIX, _("No approved template has this name in this language.")),
    "132005": Meaning(Action.FIX, _("The template becomes too long once its variables are filled in.")),
    "132007": Meaning(Action.FIX, _("The template breaks WhatsApp's rules for its wording.")),
    "132012": Meaning(Action.FIX, _TEMPLATE_PARAMETERS),
    "132015": Meaning(Action.FIX, _TEMPLATE_OFF),
    "132016": Meaning(Action.FIX, _TEMPLATE_OFF),
    "132018": Meaning(Action.FIX, _TEMPLATE_PARAMETERS),
    "132068": Meaning(Action.FIX, _("The form behind this template is blocked by WhatsApp.")),
    "132069": Meaning(Action.RETRY, _("The form behind this template is slowed down by WhatsApp."), HOUR),
    # The message itself
    "100": Meaning(Action.FIX, _WRONG),
    "100/2018109": Meaning(Action.FIX, _MEDIA),
    "131008": Meaning(Action.FIX, _WRONG),
    "131009": Meaning(Action.FIX, _WRONG),
    "131051": Meaning(Action.FIX, _("This kind of message is not supported by the platform.")),
    "131052": Meaning(
        Action.FIX, _("An attachment from the customer could not be fetched; ask them to send it again.")
    ),
    "131053": Meaning(Action.FIX, _MEDIA),
    "131060": Meaning(Action.FIX, _("The platform could not show us this message; ask the customer to send it again.")),
    "134011": Meaning(Action.FIX, _("Payments are not switched on for this account.")),
    "135000": Meaning(Action.FIX, _WRONG),
    # Our own refusals, before anything is sent
    "empty": Meaning(Action.FIX, _("There is nothing in this message to send.")),
    "template-unsupported": Meaning(Action.FIX, _("This channel knows no templates.")),
    "no-recipient": Meaning(Action.STOP, _("We know no address of this person on this channel.")),
    "no-waba": Meaning(Action.FIX, _("The id of the WhatsApp business account is missing; add it to the account.")),
    "no-media": Meaning(Action.FIX, _("This attachment has no address that it can be fetched from.")),
    "media-host": Meaning(Action.FIX, _("This attachment lies on a server that we do not fetch from.")),
    "media-size": Meaning(Action.FIX, _("This attachment is larger than we fetch.")),
    "connect": Meaning(
        Action.RETRY, _("The platform cannot be reached; the message goes out later by itself."), MINUTE
    ),
    "no-answer": Meaning(
        Action.RETRY, _("The platform did not answer in time: the message may or may not have been delivered.")
    ),
    "no-history": Meaning(
        Action.RETRY, _("The platform cannot tell what became of this message; look at the customer's chat there.")
    ),
    "wrong-account": Meaning(Action.RECONNECT, _("The sign-in belongs to another account than this one.")),
    "wrong-waba": Meaning(
        Action.RECONNECT, _("This number does not belong to the WhatsApp business account that was named.")
    ),
    "not-subscribed": Meaning(
        Action.RECONNECT, _("The platform does not send us this account's messages; subscribe it again.")
    ),
    "http-4xx": Meaning(Action.FIX, _WRONG),
    "http-401": Meaning(Action.RECONNECT, _SIGN_IN),
    "http-429": Meaning(Action.RETRY, _RATE, MINUTE),
    "ambiguous": Meaning(Action.RETRY, _AMBIGUOUS),
}

# Codes after which a message may have been delivered all the same: "messages are all sent successfully, but
# the endpoint returns an error" (Messenger's own description of 1/1357046); 2 is a fault on their side.
AMBIGUOUS = frozenset({"-1", "1", "2"})

# The permission errors come as a whole range.
_RANGES = ((200, 299, "200"),)

# A token may be quoted in an error ("Malformed access token EAAB…").
_TOKEN = re.compile(r"\b(?:EAA|IGQ|IGAA)[A-Za-z0-9_\-]{8,}")


def explain(code: Any, subcode: Any = "") -> Reason:
    """What an error means; `code` may carry the subcode itself, as in "10/2018278"."""
    code, subcode = identifier(code), identifier(subcode)
    if "/" in code and not subcode:
        code, subcode = code.split("/", 1)
    both = f"{code}/{subcode}" if subcode not in {"", "0"} else code
    meaning = MEANINGS.get(both) or MEANINGS.get(code) or _in_range(code)
    if meaning is None:
        return Reason(code=both or "unknown", text=_UNKNOWN, action=Action.FIX)
    return Reason(code=both, text=meaning.text, action=meaning.action, retry_after=meaning.wait)


def _in_range(code: str) -> Meaning | None:
    if code.isdecimal() and len(code) < 10:
        for first, last, stands_for in _RANGES:
            if first <= int(code) <= last:
                return MEANINGS[stands_for]
    return None


def from_error(error: Any, secrets: tuple[str, ...] = ()) -> Reason:
    """The reason in a Graph error object, of an answer or of a webhook's `errors[]`."""
    error = mapping(error)
    data = mapping(error.get("error_data"))
    words = [error.get("error_user_msg"), data.get("details"), error.get("message"), error.get("title")]
    said = next(filter(None, (text(word, 1000) for word in words)), "")
    return replace(explain(error.get("code"), error.get("error_subcode")), details=redacted(said, secrets))


def redacted(said: str, secrets: tuple[str, ...] = ()) -> str:
    for secret in secrets:
        if secret:
            said = said.replace(secret, "…")
    return _TOKEN.sub("…", said)


def local(name: str, details: str = "") -> Reason:
    """The reason of a refusal or failure on our side, by its name in the table."""
    return replace(explain(name), details=details)
