"""Roll-ups: what happened per day, counted as facts are relayed, so that no page counts rows."""

from django.db import models


class Standing(models.Model):
    """Where the funnel counts a lead: in the days when they were met (`day`), at the furthest stage they reached.

    Kept, so that a fact told twice, late or out of order moves nobody twice; `stage` is "" for who is not counted.
    """

    lead_id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    stage = models.CharField(max_length=10, blank=True, default="")


class Tally(models.Model):
    """`count` things of `metric` on `day` (the organization's own calendar); `total` sums a measure (seconds, USD).

    lead.furthest is of the day when the lead was met, not of the day when they moved.
    metric: lead.created, lead.furthest, message.received, message.sent, reply.time …; `split`: channel, stage, model.
    """

    day = models.DateField()
    metric = models.CharField(max_length=40)
    split = models.CharField(max_length=60, blank=True, default="")
    count = models.BigIntegerField(default=0)
    total = models.DecimalField(max_digits=20, decimal_places=6, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "day", "split"], name="tally_once")]
