"""What several of these take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

TAG = ["leads"]


class Plain(serializers.CharField):
    """Required to be text: numbers and booleans are refused rather than turned into it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)
