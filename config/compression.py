"""Pages and JSON are compressed; how long they are then tells nothing about what stands in them.

An attacker who makes somebody's browser load pages with guesses in them could learn a secret from their compressed length
(BREACH). Our CSRF tokens look different in each answer, and Django's own middleware adds up to 100 random bytes to each.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXT = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/javascript",
    "application/vnd.oai.openapi",
)


class CompressionMiddleware(GZipMiddleware):
    """For what we write ourselves; files (pictures, collected static files) are compressed already or gain nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith(_TEXT):
            return response
        return super().process_response(request, response)
