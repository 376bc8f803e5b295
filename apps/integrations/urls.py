"""Pages about channels."""

from django.urls import path

from . import views

app_name = "integrations"
urlpatterns = [
    path("dashboard/channels/", views.account_list, name="list"),
    path("dashboard/channels/connect/<slug:channel>/", views.connect, name="connect"),
    path("dashboard/channels/kept/", views.kept, name="kept"),
    path("dashboard/channels/kept/<int:delivery_id>/retry/", views.retry_kept, name="retry-kept"),
    path("dashboard/channels/<int:account_id>/", views.account_detail, name="detail"),
    path("dashboard/channels/<int:account_id>/check/", views.check, name="check"),
    path("dashboard/channels/<int:account_id>/disconnect/", views.disconnect, name="disconnect"),
]
