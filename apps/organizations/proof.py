"""Proof of control: by what and when it was shown that somebody has what they say they have.

What a person, a page or a platform merely says is a claim. Only what is proven routes, links, merges and signs in
(docs/adr/only-proven-control-routes-links-merges-signs-in.md). There is no proof that says no: a row without one is
claimed, whatever else is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.jobs import clock


class ProvenBy(models.TextChoices):
    """What showed it, in words that finish "proven by …"."""

    PLATFORM = "platform", pgettext_lazy("proven by", "the platform")  # named it, under these credentials or signature
    OURS = "ours", pgettext_lazy("proven by", "this server, which made it")  # an id, a host name, a visitor's token
    SIMULATOR = "simulator", pgettext_lazy("proven by", "the simulator")  # ids that exist nowhere else
    MAIL = "mail", pgettext_lazy("proven by", "a link that was sent there")
    TEAM = "team", pgettext_lazy("proven by", "a member of the team")  # or a machine to which the team gave a key
    AGENCY = "agency", pgettext_lazy("proven by", "the agency")
    HOST = "host", pgettext_lazy("proven by", "a visit to the address")  # the name leads to this server


@dataclass(frozen=True)
class Proof:
    """That it was shown, by what, when."""

    by: ProvenBy
    at: datetime

    @classmethod
    def now(cls, by: ProvenBy) -> Self:
        return cls(by, clock.now())


class Provable(models.Model):
    """A row that is proven or claimed. `proven_by` and `proven_at` are set together or not at all."""

    proven_by = models.CharField(
        _("proven by"), max_length=12, choices=ProvenBy, blank=True, default="", editable=False
    )
    proven_at = models.DateTimeField(_("proven"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_proof_whole",
                condition=Q(proven_by="", proven_at=None) | (~Q(proven_by="") & Q(proven_at__isnull=False)),
            )
        ]

    @property
    def proof(self) -> Proof | None:
        return Proof(ProvenBy(self.proven_by), self.proven_at) if self.proven_at else None

    @property
    def is_proven(self) -> bool:
        return self.proven_at is not None


def columns(proof: Proof | None) -> dict[str, Any]:
    """A proof, or none, as the values of a Provable's columns."""
    return {"proven_by": proof.by if proof else "", "proven_at": proof.at if proof else None}
