"""Addresses."""

from django.urls import path

from . import form_views, views

app_name = "leads"
urlpatterns = [
    path("dashboard/leads/", views.lead_list, name="list"),
    path("dashboard/leads/board/", views.board, name="board"),
    path("dashboard/leads/board/<slug:stage>/", views.board_more, name="board-more"),
    path("dashboard/leads/new/", views.new_lead, name="new"),
    path("dashboard/leads/bulk/", views.bulk_change, name="bulk-change"),
    path("dashboard/leads/bulk/<int:bulk_id>/", views.bulk_progress, name="bulk"),
    path("dashboard/leads/bulk/<int:bulk_id>/undo/", views.bulk_undo, name="bulk-undo"),
    path("dashboard/leads/forms/", form_views.form_list, name="forms"),
    path("dashboard/leads/forms/new/", form_views.edit_form, name="form-new"),
    path("dashboard/leads/forms/<int:form_id>/", form_views.edit_form, name="form"),
    path("dashboard/leads/<int:lead_id>/", views.detail, name="detail"),
    path("dashboard/leads/<int:lead_id>/edit/", views.edit_details, name="edit"),
    path("dashboard/leads/<int:lead_id>/confirm/", views.confirm, name="confirm"),
    path("dashboard/leads/<int:lead_id>/stage/", views.move, name="move"),
    path("dashboard/leads/<int:lead_id>/label/", views.label, name="label"),
    path("dashboard/leads/<int:lead_id>/owner/", views.owner, name="owner"),
    path("dashboard/leads/<int:lead_id>/tags/", views.tag, name="tag"),
    path("dashboard/leads/<int:lead_id>/log/", views.log, name="log"),
    path("dashboard/leads/<int:lead_id>/history/", views.history, name="history"),
    path("dashboard/leads/<int:lead_id>/merge/", views.merge, name="merge"),
    path("dashboard/leads/<int:lead_id>/merge/others/", views.others, name="others"),
    path("dashboard/leads/merges/<int:merge_id>/undo/", views.unmerge, name="unmerge"),
    path("dashboard/leads/<int:lead_id>/delete/", views.delete, name="delete"),
    path("forms/<str:key>/", form_views.hosted, name="hosted"),
    path("forms/<str:key>/embed.js", form_views.embed, name="embed"),
]
