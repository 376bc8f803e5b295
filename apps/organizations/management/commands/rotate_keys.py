"""manage.py rotate_keys: put every secret at rest under the first of FIELD_ENCRYPTION_KEYS.

Put the new key first, restart, run this, and then take the old key away. It can be interrupted and run
again, beside a running system: what is under the first key already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction

from apps.organizations.encryption import CannotDecrypt, EncryptedJSONField, is_current, rotate
from apps.organizations.models import Organization

MFA_SECRETS = ("secret", "seed")


class Command(BaseCommand):
    help = "Encrypt every stored secret again, with the first of FIELD_ENCRYPTION_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; say what is left to do")
        parser.add_argument("--batch", type=int, default=200)

    def handle(self, *args: Any, **options: Any) -> None:
        self.done = self.lost = self.current = 0
        self.check_only, self.batch = options["check"], max(1, options["batch"])
        for schema, model, field in _columns():
            self._column(schema, model, field)
        self._second_factors()
        words = "to do" if self.check_only else "encrypted again"
        self.stdout.write(f"{self.done} {words}, {self.current} already under the first key.")
        if self.lost:
            raise CommandError(
                f"{self.lost} values open with none of the keys. Put the key they were made with back into"
                " FIELD_ENCRYPTION_KEYS and run this again, or connect those accounts anew."
            )

    def _column(self, schema: str, model: type[models.Model], field: EncryptedJSONField) -> None:
        """Batch by batch in the order of the primary key, each batch a transaction of its own."""
        quote = connection.ops.quote_name
        table = f"{quote(schema)}.{quote(model._meta.db_table)}"
        key, column = quote(model._meta.pk.column or "id"), quote(field.column or field.name)
        last: Any = None
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                after = f"AND {key} > %s" if last is not None else ""
                cursor.execute(
                    f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL {after}"
                    f" ORDER BY {key} LIMIT %s FOR UPDATE",
                    [*([last] if last is not None else []), self.batch],
                )
                rows = cursor.fetchall()
                for pk, value in rows:
                    renewed = self._renewed(f"{schema}.{model._meta.db_table} {pk}", bytes(value))
                    if renewed is not None:
                        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [renewed, pk])
            if len(rows) < self.batch:
                return
            last = rows[-1][0]

    def _second_factors(self) -> None:
        """allauth keeps seeds of authenticator apps inside a JSON column."""
        Authenticator = apps.get_model("mfa", "Authenticator")
        for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().filter(pk=pk).first()
                for name in MFA_SECRETS:
                    if row is None or not isinstance(row.data.get(name), str):
                        continue
                    renewed = self._renewed(f"second factor {pk}", row.data[name].encode())
                    if renewed is not None:
                        row.data[name] = renewed.decode()
                        row.save(update_fields=["data"])

    def _renewed(self, where: str, value: bytes) -> bytes | None:
        if is_current(value):
            self.current += 1
            return None
        try:
            renewed = rotate(value)
        except CannotDecrypt:
            self.lost += 1
            self.stderr.write(f"Cannot open {where}")
            return None
        self.done += 1
        return None if self.check_only else renewed


def _columns() -> Iterator[tuple[str, type[models.Model], EncryptedJSONField]]:
    """Every encrypted column of every schema."""
    tenants = list(Organization.objects.order_by("id").values_list("schema_name", flat=True))
    shared = {name.rpartition(".")[2] for name in settings.SHARED_APPS}
    private = {name.rpartition(".")[2] for name in settings.TENANT_APPS}
    for model in apps.get_models():
        label = model._meta.app_label
        schemas = (["public"] if label in shared else []) + (tenants if label in private else [])
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedJSONField):
                yield from ((schema, model, field) for schema in schemas)
