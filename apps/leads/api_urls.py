"""Addresses."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .api.activities import ActivityViewSet
from .api.bulk import BulkViewSet
from .api.forms import FormViewSet
from .api.people import LeadViewSet

router = SimpleRouter()
router.register("leads/forms", FormViewSet, "form")
router.register("leads/bulk", BulkViewSet, "bulk")
router.register("leads", LeadViewSet, "lead")
router.register("activities", ActivityViewSet, "activity")

app_name = "leads-api"
urlpatterns = [path("", include(router.urls))]
