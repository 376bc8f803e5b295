"""Promises to do something later, for all tenants in one table of the public schema."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from . import clock
from .registry import words_of


class Job(models.Model):
    """Wake `schema` for one `kind` of work at `run_at`; at most one row per (schema, kind, key).

    A worker that takes the row writes a `lease` (a random token: the fence) and `leased_until`, and empties
    `run_at`: what is written there afterwards was asked for while the work ran, and is done after it.
    `generation` grows whenever somebody asks again, so that finishing never swallows a newer request.

    A row needs attention at coalesce(leased_until, run_at): its time, or the end of a lease nobody kept.
    """

    schema = models.CharField(max_length=63)
    kind = models.CharField(max_length=80)
    key = models.CharField(_("for"), max_length=200, blank=True, default="")
    queue = models.CharField(_("queue"), max_length=20)
    run_at = models.DateTimeField(_("due"), default=clock.now, null=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.BigIntegerField(null=True, blank=True)
    generation = models.IntegerField(default=0)
    attempts = models.IntegerField(_("tries"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    trace = models.UUIDField(_("trace"), null=True, blank=True)
    created_at = models.DateTimeField(_("promised"), default=clock.now)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        permissions = [("run_job", "Can try a job again")]
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
        return f"{words_of(self.kind)} · {self.schema}"
