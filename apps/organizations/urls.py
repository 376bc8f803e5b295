"""Settings, invitations, the logo, the agency's door."""

from django.urls import path

from .views import activity, address, invitation, keys, profile, settings, sign_ins, staff, team, usage

app_name = "organizations"
urlpatterns = [
    path("dashboard/settings/", settings.sections, name="settings"),
    path("dashboard/settings/organization/", settings.organization, name="organization"),
    path("dashboard/settings/team/", team.team, name="team"),
    path("dashboard/settings/team/invite/", team.invite, name="invite"),
    path("dashboard/settings/team/invitations/<int:invitation_id>/resend/", team.resend_invitation, name="resend"),
    path("dashboard/settings/team/invitations/<int:invitation_id>/revoke/", team.revoke_invitation, name="revoke"),
    path("dashboard/settings/team/<int:user_id>/role/", team.change_role, name="role"),
    path("dashboard/settings/team/<int:user_id>/deactivate/", team.deactivate, name="deactivate"),
    path("dashboard/settings/team/<int:user_id>/reactivate/", team.reactivate, name="reactivate"),
    path("dashboard/settings/profile/", profile.profile, name="profile"),
    path("dashboard/settings/profile/sign-ins/", sign_ins.sign_ins, name="sign-ins"),
    path("dashboard/settings/profile/sign-ins/others/", sign_ins.end_others, name="end-other-sign-ins"),
    path("dashboard/settings/profile/sign-ins/<int:sign_in_id>/end/", sign_ins.end, name="end-sign-in"),
    path("address/confirm/", address.ask, name="ask-address"),
    path("address/<str:token>/", address.confirm, name="address"),
    path("dashboard/settings/keys/", keys.keys, name="keys"),
    path("dashboard/settings/keys/<int:key_id>/revoke/", keys.revoke, name="revoke-key"),
    path("dashboard/settings/usage/", usage.usage, name="usage"),
    path("dashboard/settings/activity/", activity.activity, name="audit"),
    path("invitation/<str:token>/", invitation.accept, name="invitation"),
    path("staff/enter/<str:token>/", staff.enter, name="enter"),
    path("staff/leave/", staff.leave, name="leave"),
    path("brand/logo", settings.logo, name="logo"),
]
