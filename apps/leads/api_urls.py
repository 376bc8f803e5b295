"""Addresses."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api

router = SimpleRouter()
router.register("leads/forms", api.FormViewSet, "form")
router.register("leads/bulk", api.BulkViewSet, "bulk")
router.register("leads", api.LeadViewSet, "lead")
router.register("activities", api.ActivityViewSet, "activity")

app_name = "leads-api"
urlpatterns = [path("", include(router.urls))]
