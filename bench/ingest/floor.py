"""The floor: verify the signature, one INSERT over a pool, 200. No framework, no tenants, no wake-up."""

from __future__ import annotations

import hashlib
import hmac
import os

from psycopg_pool import ConnectionPool

SECRET = os.environ["FACEBOOK_APP_SECRET"].encode()
pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=16, max_size=16, kwargs={"autocommit": True}, open=True)


def application(environ, start_response):  # type: ignore[no-untyped-def]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, environ["HTTP_X_HUB_SIGNATURE_256"]):
        start_response("403 Forbidden", [])
        return [b""]
    with pool.connection() as link:
        link.execute("INSERT INTO floor_delivery (body) VALUES (%s)", [body])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
