"""Pages of the catalog: list, item, categories, pictures."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.organizations.access import actor_of, member_required, role_of
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.ui import text
from apps.ui.paging import Page, paginate

from . import queries, services, words
from .forms import CategoryForm, ImageForm, ItemForm
from .models import Category, Item, ItemImage

SHOWN = 100  # results of a search; a narrower one finds the rest


def _may_write(request: HttpRequest) -> bool:
    held = role_of(request)
    return bool(held and held.includes(Role.AGENT))


@require_GET
@member_required(Role.VIEWER)
def item_list(request: HttpRequest) -> HttpResponse:
    filters = queries.Filters.of(request.GET)
    if filters.words:
        page = Page(items=filters.search(limit=SHOWN, language=get_language()))
    else:
        page = paginate(filters.rows(), request.GET.get("cursor"), order=("-id",))
    language = get_language()
    context = {
        "page": page,
        "cards": [(item, queries.card(item, language)) for item in page],
        "full": bool(filters.words) and len(page) == SHOWN,
        "shown": SHOWN,
        "categories": [(one.pk, one.text(language)) for one in queries.categories()],
        "kinds": Item.Kind.choices,
        "stocks": [("yes", _("in stock")), ("no", _("out of stock"))],
        "states": [("archived", _("archived"))],
        "facets": _facets(request, filters, page),
        "filtered": filters.any,
        "may_write": _may_write(request),
        "may_keep": actor_of(request).may(Can.KEEP_CATALOG),
    }
    return render(request, "catalog/item_list.html", context)


def _facets(request: HttpRequest, filters: queries.Filters, page: Page) -> list[dict[str, Any]]:
    """Chips that narrow the list by what its items are like; choosing takes the place of what was chosen before."""
    chips = []
    for facet in queries.facets(page, chosen=filters.attributes):
        key = text.compact(facet.name)
        others = [f"{name}:{value}" for name, value in filters.attributes if text.compact(name) != key]
        held = set(words.attribute_lexemes({facet.name: [v for n, v in filters.attributes if text.compact(n) == key]}))
        choices = [
            {"label": value, "href": _narrowed(request, [*others, f"{facet.name}:{value}"]), "current": lexeme in held}
            for lexeme, value in facet.values.items()
        ]
        chosen = next((choice["label"] for choice in choices if choice["current"]), "")
        chips.append({"label": facet.name, "choices": choices, "chosen": chosen, "clear": _narrowed(request, others)})
    return chips


def _narrowed(request: HttpRequest, attributes: list[str]) -> str:
    query = request.GET.copy()
    query.pop("cursor", None)
    query.setlist("attributes", attributes)
    return f"?{query.urlencode()}"


@require_http_methods(["GET", "POST"])
@member_required(Role.VIEWER)
def item(request: HttpRequest, item_id: int | None = None) -> HttpResponse:
    """One item: everybody looks, agents change."""
    found = queries.get_item(item_id) if item_id is not None else None
    may_write = _may_write(request)
    if not may_write and (request.method == "POST" or found is None):
        return member_required(Role.AGENT)(lambda *_given: HttpResponse())(request)
    form = ItemForm(request.POST or None, item=found)
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, found)
        if saved is not None:
            messages.success(request, _("Saved. Answers use it from now on."))
            return redirect("catalog:item", saved.pk)
    if not may_write:
        for one in form.fields.values():
            one.disabled = True
    context = {
        "form": form,
        "item": found,
        "card": queries.card(found, get_language()) if found else None,
        "images": found.images.all() if found else [],
        "image_form": ImageForm(prefix="image"),
        "may_write": may_write,
        "may_keep": actor_of(request).may(Can.KEEP_CATALOG),
    }
    return render(request, "catalog/item.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, form: ItemForm, found: Item | None) -> Item | None:
    try:
        if found is None:
            return services.create_item(by=actor_of(request), **form.values())
        return services.update_item(found, by=actor_of(request), **form.values())
    except ValidationError as error:
        _add(form, error)
        return None


def _add(form: django_forms.Form, error: ValidationError) -> None:
    """A service's refusal beside the fields it concerns."""
    for name, sentences in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
        form.add_error(name if name in form.fields else None, list(sentences))


@require_POST
@member_required(Can.KEEP_CATALOG)
def archive(request: HttpRequest, item_id: int) -> HttpResponse:
    """Archive, or with `restore` take it back."""
    found = queries.get_item(item_id)
    if request.POST.get("restore") or request.GET.get("restore"):
        services.restore_item(found, by=actor_of(request))
        messages.success(request, _("%(name)s is offered again.") % {"name": found})
        return redirect("catalog:item", found.pk)
    services.archive_item(found, by=actor_of(request))
    undo = f"{reverse('catalog:archive', args=[found.pk])}?restore=1"
    messages.success(request, _("%(name)s is no longer offered.") % {"name": found}, extra_tags=f"undo:{undo}")
    return redirect("catalog:list")


@require_POST
@member_required(Role.AGENT)
def add_image(request: HttpRequest, item_id: int) -> HttpResponse:
    found = queries.get_item(item_id)
    form = ImageForm(request.POST, request.FILES, prefix="image")
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.add_image(found, upload=data["upload"], url=data["url"], alt=data["alt"])
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    else:
        messages.error(request, " ".join(str(one) for errors in form.errors.values() for one in errors))
    return redirect(f"{reverse('catalog:item', args=[found.pk])}#pictures")


@require_POST
@member_required(Role.AGENT)
def remove_image(request: HttpRequest, item_id: int, image_id: int) -> HttpResponse:
    services.remove_image(get_object_or_404(ItemImage, pk=image_id, item_id=item_id))
    return redirect(f"{reverse('catalog:item', args=[item_id])}#pictures")


@require_http_methods(["GET", "POST"])
@member_required(Can.KEEP_CATALOG)
def categories(request: HttpRequest, category_id: int | None = None) -> HttpResponse:
    """All shelves, with how much stands on each; one of them is edited."""
    edited = get_object_or_404(Category, pk=category_id) if category_id is not None else None
    start = {"name": edited.name, "name_ar": edited.names.get("ar", "")} if edited else {}
    form = CategoryForm(request.POST or None, initial=start)
    if request.method == "POST" and request.POST.get("delete") and edited:
        services.delete_category(edited)
        messages.success(request, _("The category is gone; its items stay."))
        return redirect("catalog:categories")
    if request.method == "POST" and form.is_valid():
        try:
            services.save_category(edited, name=form.cleaned_data["name"], names={"ar": form.cleaned_data["name_ar"]})
        except ValidationError as error:
            _add(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("catalog:categories")
    context: dict[str, Any] = {"form": form, "edited": edited, "categories": queries.categories_with_counts()}
    return render(request, "catalog/categories.html", context, status=422 if form.errors else 200)


@require_GET
@cache_control(public=True, max_age=86_400)
def image(request: HttpRequest, image_id: int) -> FileResponse:
    """An uploaded picture; public, because customers see it in chats."""
    found = get_object_or_404(ItemImage, pk=image_id)
    try:
        return FileResponse(found.file.open("rb"), content_type="image/webp")
    except (ValueError, FileNotFoundError) as error:
        raise Http404 from error
