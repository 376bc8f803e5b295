"""The stand-in for Meta, on the public host."""

from django.urls import path

from . import api

urlpatterns = [path("simulator/graph/<path:path>", api.graph, name="simulator-graph")]
