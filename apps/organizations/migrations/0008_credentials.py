"""Sign-ins, API keys and staff entries become one table; memberships and people get epochs, kept by the database.

Sessions from before are taken over when they are first used (credentials.signed_in); tokens from before are worth nothing.
"""

import apps.jobs.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.jobs import clock


# What ends credentials must not depend on how a row was changed: by a service, the console's form or a statement.
# GREATEST: a row that was read before and is saved whole must not turn the clock back.
EPOCHS = """
CREATE FUNCTION public.organizations_membership_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ranks text[] := ARRAY['viewer', 'agent', 'manager', 'owner'];
BEGIN
    NEW.epoch := GREATEST(NEW.epoch, OLD.epoch);
    IF (OLD.is_active AND NOT NEW.is_active)
       OR array_position(ranks, NEW.role::text) < array_position(ranks, OLD.role::text) THEN
        NEW.epoch := OLD.epoch + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER organizations_membership_epoch BEFORE UPDATE ON public.organizations_membership
    FOR EACH ROW EXECUTE FUNCTION public.organizations_membership_epoch();

CREATE FUNCTION public.organizations_user_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.epoch := GREATEST(NEW.epoch, OLD.epoch);
    IF (OLD.is_active AND NOT NEW.is_active) OR (OLD.is_staff AND NOT NEW.is_staff)
       OR (OLD.is_superuser AND NOT NEW.is_superuser) THEN
        NEW.epoch := OLD.epoch + 1;
    END IF;
    IF OLD.is_active AND NOT NEW.is_active THEN  -- API keys hang on memberships
        UPDATE public.organizations_membership SET epoch = epoch + 1 WHERE user_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER organizations_user_epoch BEFORE UPDATE ON public.organizations_user
    FOR EACH ROW EXECUTE FUNCTION public.organizations_user_epoch();
"""
DROP = """
DROP TRIGGER organizations_user_epoch ON public.organizations_user;
DROP FUNCTION public.organizations_user_epoch();
DROP TRIGGER organizations_membership_epoch ON public.organizations_membership;
DROP FUNCTION public.organizations_membership_epoch();
"""


def carry_over(apps, schema_editor):
    """Keys keep their numbers: journals name them. A key behind which nobody who works there stands any more ends."""
    credentials = apps.get_model("organizations", "Credential").objects
    memberships = apps.get_model("organizations", "Membership").objects
    now = clock.now()
    for key in apps.get_model("organizations", "ApiKey").objects.all():
        member = memberships.filter(
            user=key.created_by_id, organization=key.organization_id, is_active=True, user__is_active=True
        ).first()
        credentials.create(
            id=key.pk,
            kind="api_key",
            user_id=key.created_by_id,
            organization_id=key.organization_id,
            membership=member,
            name=key.name,
            role=key.role,
            prefix=key.prefix,
            secret_hash=key.key_hash,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            expires_at=key.expires_at,
            ended_at=key.revoked_at or (None if member else now),
            ended_by="revoked" if key.revoked_at else ("" if member else "orphaned"),
        )
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('organizations_credential', 'id'),"
            " (SELECT max(id) FROM organizations_credential)) FROM organizations_credential LIMIT 1"
        )
    for entry in apps.get_model("organizations", "StaffEntry").objects.all():
        credentials.create(
            kind="staff_entry",
            user_id=entry.user_id,
            organization_id=entry.organization_id,
            name=entry.reason,
            address=entry.address,
            created_at=entry.started_at,
            redeemed_at=entry.redeemed_at,
            ended_at=entry.ended_at or now,
            ended_by="signed_out",
        )
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # tables change below, with nothing left to be checked


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0007_organization_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="epoch",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="epoch",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("session", "Browser"),
                            ("tokens", "Program signed in with a password"),
                            ("api_key", "API key"),
                            ("staff_entry", "Agency staff"),
                        ],
                        default="session",
                        max_length=12,
                    ),
                ),
                ("user_epoch", models.PositiveIntegerField(default=0)),
                ("membership_epoch", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(blank=True, default="", max_length=200, verbose_name="name")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[("owner", "Owner"), ("manager", "Manager"), ("agent", "Agent"), ("viewer", "Viewer")],
                        default="",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("prefix", models.CharField(max_length=12, null=True, unique=True)),
                ("secret_hash", models.CharField(blank=True, default="", max_length=64)),
                ("device", models.CharField(blank=True, default="", max_length=300)),
                ("address", models.GenericIPAddressField(null=True)),
                ("created_at", models.DateTimeField(default=apps.jobs.clock.now, editable=False)),
                ("proven_at", models.DateTimeField(blank=True, null=True)),
                ("redeemed_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="Ends")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("signed_out", "Signed out"),
                            ("ended", "Ended from the list"),
                            ("revoked", "Revoked"),
                            ("reused", "A used token was used again"),
                            ("moved", "Used at another organization's address"),
                            ("idle", "Not used for too long"),
                            ("expired", "Its time was over"),
                            ("person", "New password or second factor, or the account was switched off"),
                            ("membership", "Its person was let go or got a lesser role"),
                            ("orphaned", "Nobody who works here stands behind it"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.membership",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="organizations.organization",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="organizations.credential",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in or key",
                "verbose_name_plural": "sign-ins and keys",
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[],
            options={
                "verbose_name": "sign-in",
                "verbose_name_plural": "sign-ins",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("organizations.credential",),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["user", "-id"], name="credential_running"
            ),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(fields=["organization", "kind", "-id"], name="credential_of_kind"),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RunSQL(EPOCHS, DROP),
        migrations.DeleteModel(
            name="ApiKey",
        ),
        migrations.DeleteModel(
            name="StaffEntry",
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[],
            options={
                "verbose_name": "API key",
                "verbose_name_plural": "API keys",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("organizations.credential",),
        ),
        migrations.CreateModel(
            name="StaffEntry",
            fields=[],
            options={
                "verbose_name": "staff entry",
                "verbose_name_plural": "staff entries",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("organizations.credential",),
        ),
    ]
