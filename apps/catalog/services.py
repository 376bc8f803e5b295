"""Keep the catalog."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.events import record
from apps.jobs import clock
from apps.organizations.actors import Can
from apps.organizations.permissions import acting, needs
from apps.ui import pictures, text

from . import words
from .events import ItemArchived, ItemChanged, ItemCreated, ItemRestored, ItemStockChanged
from .models import Category, Item, ItemImage, Word

FIELDS = (
    "sku",
    "kind",
    "name",
    "description",
    "texts",
    "category",
    "price",
    "currency",
    "stock",
    "attributes",
    "url",
    "is_active",
)
MOST_IMAGES = 12
LARGEST_UPLOAD = 8 * 1024 * 1024
WIDEST = 1600  # pixels of the longer side that are kept
LANGUAGES = ("en", "ar")


@needs(Can.WORK_CATALOG)
@transaction.atomic
def create_item(*, by: str, **values: Any) -> Item:
    """A new item from FIELDS; ValidationError by field when something cannot be used."""
    item = Item()
    _assign(item, values)
    item.full_clean(exclude=["search"])
    item.save()
    index_items([item])
    record(
        ItemCreated(item_id=item.pk, sku=item.sku, name=item.name, price=_price(item), currency=item.currency), actor=by
    )
    return item


@needs(Can.WORK_CATALOG)
@transaction.atomic
def update_item(item: Item, *, by: str, **values: Any) -> Item:
    """Change some of FIELDS; ValidationError by field, and then nothing is changed."""
    item = Item.objects.select_for_update().get(pk=item.pk)
    before = {name: getattr(item, name) for name in FIELDS}
    _assign(item, values)
    item.full_clean(exclude=["search"])
    changed = [name for name in FIELDS if getattr(item, name) != before[name]]
    if not changed:
        return item
    if "is_active" in changed:
        acting(by).must(Can.KEEP_CATALOG)
    item.updated_at = clock.now()
    item.save(update_fields=[*changed, "updated_at"])
    index_items([item])
    _tell_of_changes(item, before, changed, by)
    return item


def _tell_of_changes(item: Item, before: Mapping[str, Any], changed: list[str], by: str) -> None:
    if "stock" in changed:
        record(ItemStockChanged(item_id=item.pk, sku=item.sku, stock=item.stock, before=before["stock"]), actor=by)
    if "is_active" in changed:
        fact = ItemRestored if item.is_active else ItemArchived
        record(fact(item_id=item.pk, sku=item.sku), actor=by)
    rest = [name for name in changed if name not in ("stock", "is_active")]
    if rest:
        record(
            ItemChanged(item_id=item.pk, sku=item.sku, changed=rest, price=_price(item), currency=item.currency),
            actor=by,
        )


@needs(Can.WORK_CATALOG)
def set_stock(item: Item, stock: int | None, *, by: str) -> Item:
    """How many there are; None = not counted."""
    return update_item(item, by=by, stock=stock)


@needs(Can.KEEP_CATALOG)
def archive_item(item: Item, *, by: str) -> Item:
    """No longer offered; `restore_item` takes it back."""
    return update_item(item, by=by, is_active=False)


@needs(Can.KEEP_CATALOG)
def restore_item(item: Item, *, by: str) -> Item:
    return update_item(item, by=by, is_active=True)


def _price(item: Item) -> str | None:
    return None if item.price is None else str(item.price)


# Values -----------------------------------------------------------------------------------------------------------


def _assign(item: Item, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        setattr(item, name, _CLEAN[name](value) if name in _CLEAN else value)


def _code(value: object) -> str:
    sku = text.line(value, 64)
    if not text.compact(sku):
        raise ValidationError({"sku": [_("Use letters or digits.")]})
    return sku


def _currency(value: object) -> str:
    code = text.line(value, 8).upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValidationError({"currency": [_("Three letters, such as USD.")]})
    return code


def clean_attributes(value: object) -> dict[str, Any]:
    """{"color": "navy", "sizes": [40, 41]}: up to 60 names; values are text, numbers, yes/no or lists of those."""
    if not isinstance(value, dict):
        raise ValidationError({"attributes": [_("Attributes are names with values.")]})
    if len(value) > 60:
        raise ValidationError({"attributes": [_("At most 60 attributes.")]})
    cleaned = {}
    for key, given in value.items():
        name = text.line(key, 60)
        many = given if isinstance(given, list) else [given]
        if not name or len(many) > 100 or any(isinstance(one, dict | list) for one in many):
            raise ValidationError({"attributes": [_("An attribute's value is a text, a number, or a list of those.")]})
        parts = [_scalar(one) for one in many if one not in (None, "")]
        if parts:
            cleaned[name] = parts if isinstance(given, list) else parts[0]
    return cleaned


def _scalar(value: object) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) < 10**15:
        return value
    return text.clean(value, 500)


def clean_texts(value: object) -> dict[str, dict[str, str]]:
    """{"ar": {"name": …, "description": …}}; languages and keys we do not know are refused."""
    if not isinstance(value, dict) or any(
        language not in LANGUAGES or not isinstance(own, dict) or set(own) - {"name", "description"}
        for language, own in value.items()
    ):
        raise ValidationError({"texts": [_("Texts are given per language, each with a name and a description.")]})
    cleaned = {
        language: {
            key: (text.line(said, 200) if key == "name" else text.clean(said, 10_000))
            for key, said in own.items()
            if isinstance(said, str) and said.strip()
        }
        for language, own in value.items()
    }
    return {language: own for language, own in cleaned.items() if own}


_CLEAN = {
    "sku": _code,
    "name": lambda value: text.line(value, 1000),
    "description": lambda value: text.clean(value, 20_000),
    "currency": _currency,
    "attributes": clean_attributes,
    "texts": clean_texts,
}


# Search -----------------------------------------------------------------------------------------------------------


def index_items(items: Iterable[Item]) -> int:
    """Write what items are found by. Bulk loaders call this after inserting rows; returns how many were indexed."""
    done = 0
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == 500:
            done += _index(batch)
            batch = []
    return done + (_index(batch) if batch else 0)


def _index(batch: list[Item]) -> int:
    vectors: list[str] = []
    known: set[str] = set()
    for item in batch:
        found = words.lexemes(
            sku=item.sku,
            names=[item.name, *(own.get("name", "") for own in item.texts.values())],
            categories=[item.category.name, *map(str, item.category.names.values())] if item.category else [],
            attributes=item.attributes,
            descriptions=[item.description, *(own.get("description", "") for own in item.texts.values())],
        )
        vectors.append(words.vector(found))
        known.update(found)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_item SET search = new.vector::tsvector"
            " FROM unnest(%s::bigint[], %s::text[]) AS new(id, vector) WHERE catalog_item.id = new.id",
            [[item.pk for item in batch], vectors],
        )
    # In one order, so that two who add the same words do not wait for each other in a circle.
    missing = known - set(Word.objects.filter(text__in=known).values_list("text", flat=True))
    Word.objects.bulk_create(
        [Word(text=word, is_code=words.is_code(word)) for word in sorted(missing)], ignore_conflicts=True
    )
    return len(batch)


# Categories -------------------------------------------------------------------------------------------------------


@needs(Can.KEEP_CATALOG)
def save_category(category: Category | None = None, *, name: str, names: Mapping[str, str] | None = None) -> Category:
    """Make or rename a shelf; its items are found by the new name at once."""
    with transaction.atomic():
        category = category or Category(position=Category.objects.count())
        category.name = text.line(name, 500)
        category.names = {k: text.line(v, 120) for k, v in (names or {}).items() if k in LANGUAGES and str(v).strip()}
        category.full_clean()
        renamed = category.pk is not None
        category.save()
        if renamed:
            index_items(category.items.select_related("category").iterator(chunk_size=500))
    return category


@needs(Can.KEEP_CATALOG)
def delete_category(category: Category) -> None:
    """Its items stay, without a category."""
    with transaction.atomic():
        keys = list(category.items.values_list("pk", flat=True))
        category.items.update(category=None)
        category.delete()
        index_items(Item.objects.filter(pk__in=keys).iterator(chunk_size=500))


# Pictures ---------------------------------------------------------------------------------------------------------


@needs(Can.WORK_CATALOG)
def add_image(item: Item, *, upload: BinaryIO | None = None, url: str = "", alt: str = "") -> ItemImage:
    """A picture from an upload, re-encoded so that nothing but the picture is kept, or from an address elsewhere."""
    if item.images.count() >= MOST_IMAGES:
        raise ValidationError({"image": [_("An item has at most %(most)s pictures.") % {"most": MOST_IMAGES}]})
    image = ItemImage(item=item, url=url, alt=text.line(alt, 200), position=_next_position(item))
    if upload is not None:
        image.file.save(f"{secrets.token_hex(12)}.webp", ContentFile(_reencoded(upload)), save=False)
    elif not url:
        raise ValidationError({"image": [_("Choose a file or give an address.")]})
    image.full_clean()
    image.save()
    return image


@needs(Can.WORK_CATALOG)
def remove_image(image: ItemImage) -> None:
    if image.file:
        transaction.on_commit(lambda: image.file.delete(save=False))
    ItemImage.objects.filter(pk=image.pk).delete()


@needs(Can.WORK_CATALOG)
def order_images(item: Item, wanted: list[int]) -> None:
    """The pictures named come first, in this order; the others follow as they were. The first one stands for the item."""
    with transaction.atomic():
        images = list(ItemImage.objects.select_for_update().filter(item=item))
        if set(wanted) - {image.pk for image in images}:
            raise ValidationError({"images": [_("Name pictures of this item.")]})
        places = {pk: place for place, pk in enumerate(wanted)}
        for position, image in enumerate(sorted(images, key=lambda one: places.get(one.pk, len(places)))):
            image.position = position
        ItemImage.objects.bulk_update(images, ["position"])


def _next_position(item: Item) -> int:
    last = item.images.order_by("-position").values_list("position", flat=True).first()
    return 0 if last is None else min(last + 1, 30_000)


def _reencoded(upload: BinaryIO) -> bytes:
    body = upload.read(LARGEST_UPLOAD + 1)
    if len(body) > LARGEST_UPLOAD:
        raise ValidationError({"image": [_("The picture is larger than 8 MB.")]})
    if (pictures.pixels_of(io.BytesIO(body)) or 0) > pictures.DECODED:
        raise ValidationError({"image": [_("The picture has too many pixels. Choose a smaller one.")]})
    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG", "WEBP", "GIF")) as given:
            picture: Image.Image = ImageOps.exif_transpose(given)
            picture.thumbnail((WIDEST, WIDEST))
            picture = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=82, method=4)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ValidationError(
            {"image": [_("This file is not a picture we can read (JPEG, PNG, WebP, GIF).")]}
        ) from error
    return out.getvalue()
