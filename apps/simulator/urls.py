"""Addresses."""

from django.urls import path

from . import views

app_name = "simulator"
urlpatterns = [
    path("dashboard/simulator/", views.entry, name="entry"),
    path("dashboard/simulator/pictures/<uuid:picture_id>/", views.picture, name="picture"),
    path("dashboard/simulator/<slug:channel>/", views.channel, name="channel"),
    path("dashboard/simulator/<slug:channel>/connect/", views.connect, name="connect"),
    path("dashboard/simulator/<slug:channel>/new/", views.new, name="new"),
    path("dashboard/simulator/<slug:channel>/<int:phone_id>/thread/", views.thread, name="thread"),
    path("dashboard/simulator/<slug:channel>/<int:phone_id>/say/", views.say, name="say"),
    path("dashboard/simulator/<slug:channel>/<int:phone_id>/react/", views.react, name="react"),
]
