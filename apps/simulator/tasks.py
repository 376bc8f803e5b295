"""What the stand-in does after it has answered, and the nightly broom."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.jobs import clock
from apps.jobs.registry import Claimed, handles
from apps.organizations.queries import current_organization

from . import services
from .models import Phone, PhoneMessage, Picture
from .standin import TELL

KEEP = timedelta(days=30)


@handles(TELL, queue="integrations", attempts=5, words=_("Tell the simulator what became of a message"))
def tell(job: Claimed) -> None:
    if settings.SIMULATOR:
        services.tell(int(job.key))


@handles(services.TELL_READ, queue="integrations", attempts=5, words=_("Tell the simulator that a message was read"))
def tell_read(job: Claimed) -> None:
    if settings.SIMULATOR:
        services.tell_read(int(job.key))


@handles("simulator.prune", queue="bulk", words=_("Tidy up the simulator’s phones"))
def prune(_job: Claimed) -> None:
    """Forget what lies on phones for a month, and phones that nobody has used for as long."""
    organization, before = current_organization(), clock.now() - KEEP
    PhoneMessage.objects.filter(phone__organization=organization, at__lt=before).delete()
    Phone.objects.filter(organization=organization, heard_at__lt=before, messages=None).delete()
    Picture.objects.filter(organization=organization, at__lt=before).delete()
