"""Secrets at rest: a JSON field encrypted with MultiFernet, so that keys can be rotated.

The first of FIELD_ENCRYPTION_KEYS encrypts; every one of them decrypts.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class CannotDecrypt(Exception):
    """None of the configured keys opens this value: was FIELD_ENCRYPTION_KEYS replaced instead of extended?"""


SEALED_FACTOR = _(
    "The keys with which this server keeps secrets have changed, so it cannot read your second factor. Tell the agency."
)


class SealedFactor(ValidationError):
    """A second factor that cannot be read lets nobody in; a form shows the sentence, another page is nothing but it."""


class Sealed(dict[str, Any]):
    """What stands in place of a value that none of the keys opens: empty, so that rows can be listed and shown without it.

    Saving it writes the ciphertext back: once the key is there again, so is the value.
    """

    def __init__(self, ciphertext: bytes) -> None:
        super().__init__()
        self.ciphertext = ciphertext


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS is empty. Make a key with: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(value: Any) -> bytes:
    """Any JSON value -> ciphertext."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(json.dumps(value).encode())


def decrypt(token: bytes) -> Any:
    """Ciphertext -> the JSON value; CannotDecrypt without the right key."""
    try:
        return json.loads(_box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(bytes(token)))
    except InvalidToken as error:
        raise CannotDecrypt(CannotDecrypt.__doc__) from error


def rotate(token: bytes) -> bytes:
    """The same value under the first key; CannotDecrypt without the one it is under."""
    try:
        return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(bytes(token))
    except InvalidToken as error:
        raise CannotDecrypt(CannotDecrypt.__doc__) from error


def is_current(token: bytes) -> bool:
    """Whether a value is under the first key already."""
    try:
        _box((settings.FIELD_ENCRYPTION_KEYS[0],)).decrypt(bytes(token))
    except InvalidToken:
        return False
    return True


if TYPE_CHECKING:
    _Binary = models.BinaryField[Any, Any]
else:  # generic only for the type checker
    _Binary = models.BinaryField


class EncryptedJSONField(_Binary):
    """A JSON value that is ciphertext in the database and in every backup of it; `Sealed` where no key opens it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        try:
            return decrypt(value)
        except CannotDecrypt:
            return Sealed(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return value.ciphertext if isinstance(value, Sealed) else encrypt(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return ""  # never in fixtures or audit diffs
