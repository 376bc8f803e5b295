"""Promises to do something later, for all tenants in one table of the public schema."""

from django.db import models
from django.db.models import Q

from . import clock


class Job(models.Model):
    """Wake `schema` for one `kind` of work at `run_at`; at most one row per (schema, kind, key).

    A worker that takes the row writes a `lease` (a random token: the fence) and `leased_until`.
    `generation` grows whenever somebody asks for the work again, also while it runs, so that
    finishing never swallows a newer request.
    """

    schema = models.CharField(max_length=63)
    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200, blank=True, default="")
    queue = models.CharField(max_length=20)
    run_at = models.DateTimeField(default=clock.now)
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
            # The fair claim walks tenants of a queue; the sweep asks whether a queue has anything due.
            models.Index(fields=["queue", "schema", "run_at"], name="job_claim", condition=Q(failed_at=None)),
            models.Index(fields=["queue", "run_at"], name="job_due", condition=Q(failed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.schema} {self.kind} {self.key}".rstrip()
