"""Addresses of the API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .api.invitations import InvitationViewSet
from .api.system import ApiKeyViewSet, AuditViewSet, OrganizationView, UsageView
from .api.tokens import RefreshView, RevokeView, TokenView
from .api.users import UserViewSet

app_name = "organizations-api"
router = SimpleRouter()
router.register("users", UserViewSet, basename="user")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("system/api-keys", ApiKeyViewSet, basename="key")
router.register("system/audit", AuditViewSet, basename="audit")
urlpatterns = [
    path("token/", TokenView.as_view(), name="token"),
    path("token/revoke/", RevokeView.as_view(), name="token-revoke"),
    path("token/refresh/", RefreshView.as_view(), name="token-refresh"),
    path("system/organization/", OrganizationView.as_view(), name="organization"),
    path("system/usage/", UsageView.as_view(), name="usage"),
    path("", include(router.urls)),
]
