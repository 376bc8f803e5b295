"""Promises to do something later, for all tenants in one table of the public schema."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from . import clock


class Job(models.Model):
    """Wake `schema` for one `kind` of work at `run_at`; at most one row per (schema, kind, key).

    A worker that takes the row writes a `lease` (a random token: the fence) and `leased_until`, and empties
    `run_at`: what is written there afterwards was asked for while the work ran, and is done after it.
    `generation` grows whenever somebody asks again, so that finishing never swallows a newer request.

    A row needs attention at coalesce(leased_until, run_at): its time, or the end of a lease nobody kept.
    """

    schema = models.CharField(max_length=63)
    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200, blank=True, default="")
    queue = models.CharField(max_length=20)
    run_at = models.DateTimeField(default=clock.now, null=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.BigIntegerField(null=True, blank=True)
    generation = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    failed_at = models.DateTimeField(null=True, blank=True)
    trace = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schema", "kind", "key"], name="job_once")]
        indexes = [
            # What is due first, whoever's it is: the sweep, and a claim when there is no crowd.
            models.Index(F("queue"), Coalesce("leased_until", "run_at"), name="job_due", condition=Q(failed_at=None)),
            # The fair claim walks from tenant to tenant when there is one.
            models.Index(
                F("queue"),
                F("schema"),
                Coalesce("leased_until", "run_at"),
                name="job_claim",
                condition=Q(failed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schema} {self.kind} {self.key}".rstrip()
