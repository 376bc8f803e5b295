"""Addresses."""

from django.urls import path

from . import views

app_name = "catalog"
urlpatterns = [
    path("dashboard/catalog/", views.item_list, name="list"),
    path("dashboard/catalog/new/", views.item, name="new"),
    path("dashboard/catalog/categories/", views.categories, name="categories"),
    path("dashboard/catalog/categories/<int:category_id>/", views.categories, name="category"),
    path("dashboard/catalog/<int:item_id>/", views.item, name="item"),
    path("dashboard/catalog/<int:item_id>/archive/", views.archive, name="archive"),
    path("dashboard/catalog/<int:item_id>/images/", views.add_image, name="add-image"),
    path("dashboard/catalog/<int:item_id>/images/<int:image_id>/remove/", views.remove_image, name="remove-image"),
    path("catalog/images/<int:image_id>/", views.image, name="image"),
]
