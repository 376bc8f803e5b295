"""What is sold, of any trade."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock


class Category(models.Model):
    """A shelf. `names` holds further languages: {"ar": "…"}."""

    name = models.CharField(_("name"), max_length=120)
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("category")
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="category_once")]

    def __str__(self) -> str:
        return self.name

    def text(self, language: str | None) -> str:
        """The name in a language, or as first written."""
        return str(self.names.get((language or "")[:2]) or self.name)


class Item(models.Model):
    """Something sold: a product, a property, a service.

    `texts` holds further languages: {"ar": {"name": …, "description": …}}. `attributes` are the trade's own
    ("color": "navy", "bedrooms": 3). `stock` None = not counted. `search` is written by services.index_items.
    """

    class Kind(models.TextChoices):
        PRODUCT = "product", _("Product")
        PROPERTY = "property", _("Property")
        SERVICE = "service", _("Service")

    sku = models.CharField(_("SKU"), max_length=64)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PRODUCT)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, default="")
    texts = models.JSONField(_("texts in other languages"), default=dict, blank=True)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("category")
    )
    price = models.DecimalField(
        _("price"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    stock = models.IntegerField(_("stock"), null=True, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    url = models.URLField(_("web page"), max_length=500, blank=True, default="")
    is_active = models.BooleanField(_("offered"), default=True)
    search = SearchVectorField(editable=False, default="")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("item")
        constraints = [models.UniqueConstraint(fields=["sku"], name="item_sku")]
        indexes = [
            GinIndex(fields=["search"], name="item_search"),
            models.Index(fields=["price", "id"], name="item_by_price", condition=Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def text(self, language: str | None, what: str = "name") -> str:
        """`what` ("name" or "description") in a language, or as first written."""
        own: dict[str, Any] = self.texts.get((language or "")[:2]) or {}
        return str(own.get(what) or getattr(self, what))


class Word(models.Model):
    """Every word that some item's search vector holds: what a mistyped word is compared with."""

    text = models.TextField(primary_key=True)
    is_code = models.BooleanField()  # with digits: an SKU, a size, a model; nobody's slip of the pen

    class Meta:
        indexes = [GinIndex(fields=["text"], name="word_alike", opclasses=["gin_trgm_ops"], condition=Q(is_code=False))]


def _picture_path(_image: ItemImage, name: str) -> str:
    return f"{connection.schema_name}/catalog/{name}"  # type: ignore[attr-defined]


class ItemImage(models.Model):
    """A picture of an item: uploaded, or elsewhere on the web."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="images")
    file = models.ImageField(upload_to=_picture_path, blank=True)
    url = models.URLField(max_length=500, blank=True, default="")
    alt = models.CharField(max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    @property
    def src(self) -> str:
        """Where a browser finds it: a path on the tenant's host for uploads."""
        return self.url or reverse("catalog:image", args=[self.pk])
