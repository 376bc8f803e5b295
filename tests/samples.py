"""A saved row of any model, filled with what its fields ask for: for tests that walk over all routes."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from django.db import models
from django_tenants.utils import tenant_context

from apps.jobs import clock
from apps.organizations.models import Membership, Organization, User

_numbers = itertools.count(9_000_001)

# What a row needs beyond what its fields ask for.
MORE: dict[str, dict[str, Any]] = {
    "ai.Intent": {"phrases": ["how much is it"]},
    "organizations.ApiKey": {"kind": "api_key", "role": "agent"},
    "integrations.Delivery": {"state": "malformed"},  # those are shown
    "webhooks_outbox.Endpoint": {"secrets": [{"secret": "whsec_" + "MDEy" * 10, "until": None}]},
}


class Samples:
    """One row per model, made when first asked for, in the organization's schema. Numbers are high, so that no other
    organization has a row with the same one by chance."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self._rows: dict[type[models.Model], models.Model] = {}

    def of(self, model: type[models.Model]) -> Any:
        if model not in self._rows:
            with tenant_context(self.organization):
                self._rows[model] = self._make(model)
        return self._rows[model]

    def change(self, model: type[models.Model], **values: Any) -> None:
        """Give the sample of `model` values that its fields alone do not ask for."""
        row = self.of(model)
        with tenant_context(self.organization):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()

    def _make(self, model: type[models.Model]) -> models.Model:
        if model is Organization:
            return self.organization
        if model is Membership:  # whoever came last; nobody of the cast works in two places
            return Membership.objects.filter(organization=self.organization).latest("pk")
        if model is User:
            return self.of(Membership).user
        values = {field.name: self._value(field) for field in model._meta.concrete_fields if self._needed(field)}
        return model._base_manager.create(**values, **MORE.get(model._meta.label, {}))

    def _needed(self, field: models.Field[Any, Any]) -> bool:
        if field.primary_key:
            return True
        if field.remote_field is not None:
            return not field.null or field.remote_field.model is Organization
        return not field.has_default() and not field.null

    def _value(self, field: models.Field[Any, Any]) -> Any:
        if field.remote_field is not None:
            return self.of(field.remote_field.model)
        if field.choices:
            return next(value for value, _label in field.flatchoices if value)
        if field.name == "channel":
            return "facebook"
        number = next(_numbers)
        if isinstance(field, models.UUIDField):
            return uuid.uuid4()
        if isinstance(field, models.BooleanField):
            return True
        if isinstance(field, models.SmallIntegerField | models.PositiveSmallIntegerField) and not field.primary_key:
            return 1
        if isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
            return number
        if isinstance(field, models.DateTimeField):
            return clock.now()
        if isinstance(field, models.DateField):
            return clock.now().date()
        if isinstance(field, models.BinaryField):
            return b"{}" if field.get_internal_type() == "BinaryField" and type(field) is models.BinaryField else {}
        if isinstance(field, models.JSONField):
            return {}
        if isinstance(field, models.EmailField):
            return f"sample{number}@example.com"
        if isinstance(field, models.URLField):
            return f"https://example.com/{number}"
        return str(number)[: field.max_length]
