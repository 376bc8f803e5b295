"""Phones of made-up customers, and what arrived on them. PUBLIC schema: the stand-in for Meta belongs to no tenant.

Rows here are what a real customer would have in their pocket; the organization's own data never stands here.
"""

from __future__ import annotations

import uuid

from django.db import models

from apps.jobs import clock
from apps.organizations.models import Organization


class Phone(models.Model):
    """One made-up person on one simulated account. `heard_at`: when they last wrote, which opens the reply window."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=20)
    account = models.CharField(max_length=120)
    person = models.CharField(max_length=120)
    name = models.CharField(max_length=160, blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    heard_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "person"], name="phone_once")]

    def __str__(self) -> str:
        return self.name or self.person


class PhoneMessage(models.Model):
    """A bubble on a phone. `sent`: by the customer, else it arrived at the stand-in, as the adapter posted it.

    `payload` of one that arrived is the posted body; of one that was sent {"text", "button", "image", "ad", "at"}.
    """

    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="messages", db_index=False)
    sent = models.BooleanField(default=False)
    external_id = models.CharField(max_length=512)
    payload = models.JSONField(default=dict)
    reaction = models.CharField(max_length=50, blank=True, default="")  # the customer's, on this message
    at = models.DateTimeField(default=clock.now)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone", "-id"], name="phone_thread")]

    def __str__(self) -> str:
        return self.external_id


class Picture(models.Model):
    """A picture that a customer sends; platforms hand out an address for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    mime = models.CharField(max_length=60)
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return str(self.id)
