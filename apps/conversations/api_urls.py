"""Addresses of the API."""

from rest_framework.routers import SimpleRouter

from .api import CannedReplyViewSet, ConversationViewSet, MessageViewSet, TemplateViewSet

app_name = "conversations-api"
router = SimpleRouter()
router.register("conversations", ConversationViewSet, basename="conversation")
router.register("messages", MessageViewSet, basename="message")
router.register("canned-replies", CannedReplyViewSet, basename="canned-reply")
router.register("templates", TemplateViewSet, basename="template")
urlpatterns = router.urls
