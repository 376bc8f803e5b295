"""A password that the documentation prints is nobody's."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .demo.people import PUBLISHED


class NotPublished:
    """For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Any = None) -> None:
        if password.strip().lower() == PUBLISHED:
            raise ValidationError(_("This is the password of the demo, which everybody knows. Choose another one."))

    def get_help_text(self) -> str:
        return _("It can't be one that this product's own pages and documents print.")
