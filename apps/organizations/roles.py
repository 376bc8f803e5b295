"""What a member may be, in one place that everything about rights builds on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do; each role includes the ones below it."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    AGENT = "agent", _("Agent")
    VIEWER = "viewer", _("Viewer")

    @property
    def rank(self) -> int:
        return ("viewer", "agent", "manager", "owner").index(self.value)

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        return self.rank >= other.rank


def least(*roles: Role) -> Role:
    """The weakest link of a chain of rights."""
    return min(roles, key=lambda role: role.rank)
