"""Pages about webhooks."""

from django.urls import path

from . import views

app_name = "webhooks_outbox"
urlpatterns = [
    path("dashboard/webhooks/", views.endpoint_list, name="list"),
    path("dashboard/webhooks/new/", views.create, name="create"),
    path("dashboard/webhooks/catcher/", views.catcher, name="catcher"),
    path("dashboard/webhooks/catcher/events/", views.caught, name="caught"),
    path("dashboard/webhooks/events/", views.event_catalog, name="events"),
    path("dashboard/webhooks/deliveries/<uuid:delivery_id>/", views.delivery, name="delivery"),
    path("dashboard/webhooks/deliveries/<uuid:delivery_id>/replay/", views.replay, name="replay"),
    path("dashboard/webhooks/<uuid:endpoint_id>/", views.detail, name="detail"),
    path("dashboard/webhooks/<uuid:endpoint_id>/edit/", views.edit, name="edit"),
    path("dashboard/webhooks/<uuid:endpoint_id>/secret/", views.reveal, name="reveal"),
    path("dashboard/webhooks/<uuid:endpoint_id>/rotate/", views.rotate, name="rotate"),
    path("dashboard/webhooks/<uuid:endpoint_id>/pause/", views.pause, name="pause"),
    path("dashboard/webhooks/<uuid:endpoint_id>/resume/", views.resume, name="resume"),
    path("dashboard/webhooks/<uuid:endpoint_id>/delete/", views.delete, name="delete"),
    path("dashboard/webhooks/<uuid:endpoint_id>/test/", views.test, name="test"),
    path("dashboard/webhooks/<uuid:endpoint_id>/replay/", views.replay_many, name="replay-many"),
]
