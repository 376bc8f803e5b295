from __future__ import annotations

import pytest

from apps.conversations.adapters.signatures import sign_meta, verify_meta

BODY = b'{"object":"page","entry":[]}'


def test_a_right_signature_verifies_also_while_a_secret_is_rotated():
    assert sign_meta("secret", BODY).startswith("sha256=")
    assert verify_meta("secret", BODY, sign_meta("secret", BODY))
    assert verify_meta(["new", "secret"], BODY, sign_meta("secret", BODY))


@pytest.mark.parametrize(
    "header", [None, "", "sha256=", "sha1=abc", "sha256=" + "0" * 64, "ü", "sha256=\udcff", "x" * 9000]
)
def test_anything_else_does_not(header):
    assert not verify_meta("secret", BODY, header)


def test_neither_a_changed_body_nor_a_missing_secret():
    assert not verify_meta("secret", BODY + b" ", sign_meta("secret", BODY))
    assert not verify_meta("other", BODY, sign_meta("secret", BODY))
    assert not verify_meta("", BODY, sign_meta("", BODY))
    assert not verify_meta([], BODY, sign_meta("secret", BODY))
