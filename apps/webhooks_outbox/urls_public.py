"""On the public host: where the built-in catcher is posted to."""

from django.urls import re_path

from . import views

urlpatterns = [
    re_path(r"^catch/(?P<schema>[a-z][a-z0-9_]{0,62})/(?P<token>[\w-]{43})/$", views.catch, name="catcher"),
]
