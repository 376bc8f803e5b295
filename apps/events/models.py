"""The journal's table."""

import uuid

from django.db import models
from django.db.models import Q

from apps.jobs import clock


class JournalEntry(models.Model):
    """One fact. `relayed_at` is set once every handler has taken it, or has failed too often.

    `left`: the handlers that have not taken it yet, by name; null before the first try, and empty when none is
    left. An entry that was given up keeps the names of those that never took it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=80)
    data = models.JSONField()
    actor = models.CharField(max_length=120, blank=True, default="")
    trace = models.UUIDField(null=True)
    occurred_at = models.DateTimeField(default=clock.now)
    relayed_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    left = models.JSONField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="journal_unrelayed", condition=Q(relayed_at=None)),
            models.Index(fields=["trace"], name="journal_trace"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.uuid}"
