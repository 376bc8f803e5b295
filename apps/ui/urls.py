from django.urls import path

from apps.ui import views

app_name = "ui"

urlpatterns = [
    path("brand.css", views.brand_css, name="brand"),
    path("preferences/theme/", views.set_theme, name="theme"),
    path("preferences/language/", views.set_language, name="language"),
    path("dashboard/style/", views.style, name="style"),
]
