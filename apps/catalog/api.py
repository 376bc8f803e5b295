"""The catalog over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.organizations import rest
from apps.organizations.access import actor_of
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.organizations.queries import current_organization

from . import queries, services
from .models import Category, Item, ItemImage

_TAG = ["catalog"]
_FILTERS = [
    OpenApiParameter(
        "q", str, description="Words, slips and all, in English or Arabic; answers best first, without further pages"
    ),
    OpenApiParameter("category", str, description="Id or name"),
    OpenApiParameter("kind", str, enum=Item.Kind.values),
    OpenApiParameter("stock", str, enum=["yes", "no"]),
    OpenApiParameter("min_price", str),
    OpenApiParameter("max_price", str),
    OpenApiParameter("state", str, enum=["archived"]),
    OpenApiParameter(
        "attributes",
        str,
        many=True,
        description="A name and a value, as in `color:navy`; may be repeated, all must hold",
    ),
]


class Plain(serializers.CharField):
    """Required to be text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CategorySerializer(rest.ModelSerializer[Category]):
    name = Plain(max_length=120)
    names = serializers.DictField(child=Plain(max_length=120, allow_blank=True), required=False)

    class Meta:
        model = Category
        fields = ("id", "name", "names")

    def validate_names(self, value: dict[str, str]) -> dict[str, str]:
        if set(value) - set(services.LANGUAGES):
            raise serializers.ValidationError(_("Languages are en and ar."))
        return value

    def create(self, validated_data: dict[str, Any]) -> Category:
        return services.save_category(**validated_data)

    def update(self, instance: Category, validated_data: dict[str, Any]) -> Category:
        given = {"name": instance.name, "names": instance.names, **validated_data}
        return services.save_category(instance, **given)


class ImageSerializer(rest.ModelSerializer[ItemImage]):
    src = serializers.CharField(read_only=True)

    class Meta:
        model = ItemImage
        fields = ("id", "src", "alt")
        read_only_fields = fields


class TextSerializer(rest.Serializer[dict[str, str]]):
    name = Plain(max_length=200, required=False, allow_blank=True)
    description = Plain(max_length=10_000, required=False, allow_blank=True)


@extend_schema_serializer(component_name="ItemTexts")
class TextsSerializer(rest.Serializer[dict[str, Any]]):
    ar = TextSerializer(required=False)
    en = TextSerializer(required=False)


class ItemSerializer(rest.ModelSerializer[Item]):
    """Something sold. `texts` holds further languages, `attributes` the trade's own values."""

    sku = Plain(max_length=64)
    name = Plain(max_length=200)
    description = Plain(max_length=10_000, required=False, allow_blank=True)
    texts = TextsSerializer(required=False)
    category = serializers.PrimaryKeyRelatedField(queryset=Category.objects.all(), allow_null=True, required=False)
    currency = Plain(min_length=3, max_length=3, required=False)
    stock = serializers.IntegerField(min_value=0, max_value=2_000_000_000, allow_null=True, required=False)
    price = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True, required=False)
    attributes = serializers.DictField(required=False, help_text="Values: text, numbers, yes/no, or lists of those")
    images = ImageSerializer(many=True, read_only=True)

    class Meta:
        model = Item
        fields = (
            "id", "sku", "kind", "name", "description", "texts", "category", "price", "currency", "stock", "attributes",
            "url", "is_active", "images", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("id", "is_active", "created_at", "updated_at")

    def validate_attributes(self, value: Any) -> dict[str, Any]:
        return services.clean_attributes(value)

    def create(self, validated_data: dict[str, Any]) -> Item:
        start = {"currency": current_organization().currency}
        return services.create_item(by=actor_of(self.context["request"]), **{**start, **validated_data})

    def update(self, instance: Item, validated_data: dict[str, Any]) -> Item:
        return services.update_item(instance, by=actor_of(self.context["request"]), **validated_data)


class PictureFile(rest.Serializer[dict[str, Any]]):
    """A picture from a file: JPEG, PNG, WebP or GIF, up to 8 MB."""

    file = serializers.FileField()
    alt = Plain(max_length=200, required=False, allow_blank=True, default="")


class PictureLink(rest.Serializer[dict[str, Any]]):
    """A picture that lies elsewhere on the web."""

    url = serializers.URLField(max_length=500)
    alt = Plain(max_length=200, required=False, allow_blank=True, default="")


class PictureOrder(rest.Serializer[dict[str, Any]]):
    images = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        max_length=services.MOST_IMAGES,
        help_text="Ids of pictures, the one that stands for the item first; those left out follow as they were.",
    )


class StockInput(rest.Serializer[dict[str, Any]]):
    stock = serializers.IntegerField(min_value=0, max_value=2_000_000_000, allow_null=True)


@extend_schema_view(
    retrieve=extend_schema(summary="One item", tags=_TAG),
    create=extend_schema(summary="Add an item", tags=_TAG),
    partial_update=extend_schema(summary="Change an item", tags=_TAG),
)
class ItemViewSet(rest.ModelViewSet[Item]):
    """What is sold."""

    queryset = Item.objects.none()
    serializer_class = ItemSerializer
    filter_backends = ()
    lookup_value_regex = r"\d{1,18}"
    http_method_names = ("get", "post", "patch", "delete", "head", "options")
    required_role = {"GET": Role.VIEWER, "DELETE": Role.MANAGER, "*": Role.AGENT}

    def get_queryset(self) -> QuerySet[Item]:
        return Item.objects.select_related("category").prefetch_related("images").defer("search")

    @extend_schema(summary="List or search items", tags=_TAG, parameters=_FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        filters = queries.Filters.of(request.query_params)
        if filters.words:
            given = request.query_params.get("limit", "")
            limit = min(int(given), 200) if given.isascii() and given.isdigit() and 0 < len(given) < 9 else 50
            found = filters.search(limit=max(1, limit))
            return Response({"next": None, "previous": None, "results": self.get_serializer(found, many=True).data})
        page = self.paginate_queryset(filters.rows())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="Archive an item; it can be restored", tags=_TAG, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        services.archive_item(self.get_object(), by=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Offer an archived item again", tags=_TAG, request=None, responses=ItemSerializer)
    @action(detail=True, methods=["post"], required_role={"*": Can.KEEP_CATALOG})
    def restore(self, request: Request, pk: str) -> Response:
        item = services.restore_item(self.get_object(), by=actor_of(request))
        return Response(self.get_serializer(item).data)

    @extend_schema(
        summary="Add a picture, by file or address",
        tags=_TAG,
        request={"multipart/form-data": PictureFile, "application/json": PictureLink},
        responses={201: ImageSerializer},
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, JSONParser])
    def images(self, request: Request, pk: str) -> Response:
        item = self.get_object()
        form = (PictureFile if "file" in request.FILES else PictureLink)(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        image = services.add_image(item, upload=data.get("file"), url=data.get("url", ""), alt=data["alt"])
        return Response(ImageSerializer(image).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Remove a picture", tags=_TAG, request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"images/(?P<image_id>\d{1,18})", required_role={"*": Role.AGENT})
    def image(self, request: Request, pk: str, image_id: str) -> Response:
        services.remove_image(get_object_or_404(ItemImage, pk=int(image_id), item=self.get_object()))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Put the pictures in order", tags=_TAG, request=PictureOrder, responses=ItemSerializer)
    @action(detail=True, methods=["post"], url_path="images/order")
    def image_order(self, request: Request, pk: str) -> Response:
        form = PictureOrder(data=request.data)
        form.is_valid(raise_exception=True)
        services.order_images(self.get_object(), form.validated_data["images"])
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Set the number in stock", tags=_TAG, request=StockInput, responses=ItemSerializer)
    @action(detail=True, methods=["post"])
    def stock(self, request: Request, pk: str) -> Response:
        item = self.get_object()
        form = StockInput(data=request.data)
        form.is_valid(raise_exception=True)
        item = services.set_stock(item, form.validated_data["stock"], by=actor_of(request))
        return Response(self.get_serializer(item).data)


@extend_schema_view(
    list=extend_schema(summary="List categories", tags=_TAG),
    retrieve=extend_schema(summary="One category", tags=_TAG),
    create=extend_schema(summary="Add a category", tags=_TAG),
    partial_update=extend_schema(summary="Rename a category", tags=_TAG),
    destroy=extend_schema(summary="Delete a category; its items stay", tags=_TAG),
)
class CategoryViewSet(rest.ModelViewSet[Category]):
    """Shelves of the catalog."""

    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filter_backends = ()
    lookup_value_regex = r"\d{1,18}"
    http_method_names = ("get", "post", "patch", "delete", "head", "options")
    required_role = {"GET": Role.VIEWER, "*": Can.KEEP_CATALOG}

    def perform_destroy(self, instance: Category) -> None:
        services.delete_category(instance)
