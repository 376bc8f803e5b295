"""Roll-ups: what happened per day, counted as facts are relayed, so that no page counts rows."""

from django.db import models


class Tally(models.Model):
    """`count` things of `metric` on `day` (the organization's own calendar); `total` sums a measure (seconds, USD).

    metric: lead.created, message.received, message.sent, reply.time …; `split`: channel, stage, model.
    """

    day = models.DateField()
    metric = models.CharField(max_length=40)
    split = models.CharField(max_length=60, blank=True, default="")
    count = models.BigIntegerField(default=0)
    total = models.DecimalField(max_digits=20, decimal_places=6, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "day", "split"], name="tally_once")]
