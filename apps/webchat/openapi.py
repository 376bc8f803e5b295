"""How a visitor's token appears in the API's documentation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class VisitorScheme(OpenApiAuthenticationExtension):
    target_class = "apps.webchat.visitors.VisitorAuthentication"
    name = "visitor"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "A website visitor's token from `POST /api/chat/visitors/`: `Visitor …`.",
        }
