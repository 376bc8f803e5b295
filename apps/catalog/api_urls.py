"""Addresses."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api

router = SimpleRouter()
router.register("catalog/items", api.ItemViewSet, "item")
router.register("catalog/categories", api.CategoryViewSet, "category")

app_name = "catalog-api"
urlpatterns = [path("", include(router.urls))]
