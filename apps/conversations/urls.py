"""Addresses."""

from django.urls import path

from . import views, views_acts, views_bulk, views_settings

app_name = "conversations"
_ONE = "dashboard/inbox/<int:conversation_id>/"
_MESSAGE = "dashboard/inbox/messages/<int:message_id>/"

urlpatterns = [
    path("dashboard/inbox/", views.inbox, name="inbox"),
    path("dashboard/inbox/live/", views.live, name="live"),
    path("dashboard/inbox/bulk/", views_bulk.bulk, name="bulk"),
    path("dashboard/inbox/canned/", views.canned, name="canned"),
    path(_ONE, views.conversation, name="conversation"),
    path(f"{_ONE}person/", views.conversation, {"pane": "person"}, name="person"),
    path(f"{_ONE}story/<int:message_id>/", views.story, name="story"),
    path(f"{_ONE}older/", views.older, name="older"),
    path(f"{_MESSAGE}text/", views.full_text, name="text"),
    path(f"{_MESSAGE}files/<int:position>/", views.file, name="file"),
    path(f"{_MESSAGE}retry/", views_acts.retry, name="retry"),
    path(f"{_MESSAGE}cancel/", views_acts.cancel, name="cancel"),
    path(f"{_ONE}send/", views_acts.send, name="send"),
    path(f"{_ONE}draft/", views_acts.draft, name="draft"),
    path(f"{_ONE}take-over/", views_acts.take_over, name="take-over"),
    path(f"{_ONE}give-back/", views_acts.give_back, name="give-back"),
    path(f"{_ONE}assign/", views_acts.assign, name="assign"),
    path(f"{_ONE}snooze/", views_acts.snooze, name="snooze"),
    path(f"{_ONE}resolve/", views_acts.resolve, name="resolve"),
    path(f"{_ONE}resolve/undo/", views_acts.undo_resolve, name="undo-resolve"),
    path(f"{_ONE}reopen/", views_acts.reopen, name="reopen"),
    path(f"{_ONE}unread/", views_acts.mark_unread, name="unread"),
    path(f"{_ONE}here/", views_acts.here, name="here"),
    path(f"{_ONE}person/edit/", views_acts.edit_person, name="edit-person"),
    path(f"{_ONE}stage/", views_acts.move_stage, name="stage"),
    path("files/<uuid:upload_id>/<str:name>", views.upload, name="upload"),
    path("dashboard/settings/replies/", views_settings.reply_list, name="replies"),
    path("dashboard/settings/replies/new/", views_settings.edit_reply, name="reply-new"),
    path("dashboard/settings/replies/<int:reply_id>/", views_settings.edit_reply, name="reply"),
    path("dashboard/settings/replies/<int:reply_id>/delete/", views_settings.delete_reply, name="reply-delete"),
    path("dashboard/settings/templates/", views_settings.template_list, name="templates"),
    path("dashboard/settings/templates/new/", views_settings.edit_template, name="template-new"),
    path("dashboard/settings/templates/<int:template_id>/", views_settings.edit_template, name="template"),
    path(
        "dashboard/settings/templates/<int:template_id>/delete/", views_settings.delete_template, name="template-delete"
    ),
]
