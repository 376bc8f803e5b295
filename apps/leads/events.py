"""Facts about people."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class LeadCreated(Event):
    type: ClassVar[str] = "lead.created"
    description: ClassVar[str] = "A person was met for the first time: they wrote, sent a form, or were entered."
    example: ClassVar[dict[str, Any]] = {
        "lead_id": 42, "name": "Sara Haddad", "source": "ad", "channel": "whatsapp", "language": "ar",
        "origin": {"ad_id": "120210", "ref": "boots-summer"},
    }  # fmt: skip

    lead_id: int
    name: str
    source: str
    channel: str
    language: str = ""
    origin: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LeadCaptured(Event):
    type: ClassVar[str] = "lead.captured"
    description: ClassVar[str] = "A person left a way to be reached for the first time."
    example: ClassVar[dict[str, Any]] = {
        "lead_id": 42, "name": "Sara Haddad", "email": "sara@example.com", "phone": "+971501234567", "company": "",
        "source": "ad", "channel": "whatsapp",
    }  # fmt: skip

    lead_id: int
    name: str
    email: str
    phone: str
    company: str
    source: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class LeadDetailsChanged(Event):
    type: ClassVar[str] = "lead.details_changed"
    description: ClassVar[str] = "Details of a person were corrected or added; `changed` names them."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "changed": ["phone", "company"]}

    lead_id: int
    changed: list[str]


@dataclass(frozen=True, kw_only=True)
class LeadStageChanged(Event):
    type: ClassVar[str] = "lead.stage_changed"
    description: ClassVar[str] = "A lead moved to another stage of the pipeline."
    example: ClassVar[dict[str, Any]] = {
        "lead_id": 42,
        "stage": "qualified",
        "before": "contacted",
        "reason": "Wants 40 pairs",
    }

    lead_id: int
    stage: str
    before: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LeadLabelChanged(Event):
    type: ClassVar[str] = "lead.label_changed"
    description: ClassVar[str] = "A lead became hot, warm or cold, by its score or because a person said so."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "label": "hot", "before": "warm", "score": 65}

    lead_id: int
    label: str
    before: str
    score: int


@dataclass(frozen=True, kw_only=True)
class LeadScored(Event):
    type: ClassVar[str] = "lead.scored"
    description: ClassVar[str] = "A lead's score moved into another fifth of 0 to 100."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "score": 65, "before": 35}

    lead_id: int
    score: int
    before: int


@dataclass(frozen=True, kw_only=True)
class LeadOwnerChanged(Event):
    type: ClassVar[str] = "lead.owner_changed"
    description: ClassVar[str] = "A lead was given to a member of the team, or to nobody."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "owner_id": 7, "before_id": None}

    lead_id: int
    owner_id: int | None
    before_id: int | None


@dataclass(frozen=True, kw_only=True)
class LeadTagged(Event):
    type: ClassVar[str] = "lead.tagged"
    description: ClassVar[str] = "A tag was put on a lead."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "tag": "wholesale"}

    lead_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class LeadUntagged(Event):
    type: ClassVar[str] = "lead.untagged"
    description: ClassVar[str] = "A tag was taken off a lead."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "tag": "wholesale"}

    lead_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class LeadNoteAdded(Event):
    type: ClassVar[str] = "lead.note_added"
    description: ClassVar[str] = "Somebody wrote a note about a lead."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "activity_id": 311, "text": "Call back on Sunday"}

    lead_id: int
    activity_id: int
    text: str


@dataclass(frozen=True, kw_only=True)
class LeadActivityLogged(Event):
    type: ClassVar[str] = "lead.activity_logged"
    description: ClassVar[str] = "A call, meeting or email with a lead was entered."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "activity_id": 312, "kind": "call", "text": "Agreed on samples"}

    lead_id: int
    activity_id: int
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class LeadDeleted(Event):
    type: ClassVar[str] = "lead.deleted"
    description: ClassVar[str] = "A lead was put away; it can be restored."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42}

    lead_id: int


@dataclass(frozen=True, kw_only=True)
class LeadRestored(Event):
    type: ClassVar[str] = "lead.restored"
    description: ClassVar[str] = "A deleted lead came back: somebody restored it, or the person wrote again."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42}

    lead_id: int


@dataclass(frozen=True, kw_only=True)
class LeadMerged(Event):
    type: ClassVar[str] = "lead.merged"
    description: ClassVar[str] = "Two records of one person became one; `merged_id` lives on in `lead_id`."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "merged_id": 57}

    lead_id: int
    merged_id: int


@dataclass(frozen=True, kw_only=True)
class LeadUnmerged(Event):
    type: ClassVar[str] = "lead.unmerged"
    description: ClassVar[str] = "Two records that had been merged were taken apart; `merged_id` is a lead again."
    example: ClassVar[dict[str, Any]] = {"lead_id": 42, "merged_id": 57}

    lead_id: int
    merged_id: int


@dataclass(frozen=True, kw_only=True)
class FormSubmitted(Event):
    type: ClassVar[str] = "form.submitted"
    description: ClassVar[str] = "Somebody sent one of the organization's forms."
    example: ClassVar[dict[str, Any]] = {
        "form_id": 3, "form": "Quote request", "lead_id": 42, "submission_id": 9, "data": {"name": "Sara", "message": "40 pairs"},
    }  # fmt: skip

    form_id: int
    form: str
    lead_id: int
    submission_id: int
    data: dict[str, Any]
