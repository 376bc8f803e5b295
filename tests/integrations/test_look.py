"""An account's page with what the platform said, rejected templates and the log of changes, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.ai import services as ai
from apps.ai.models import Persona
from apps.conversations.models import MessageTemplate
from apps.integrations import services
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from tests.browser import visit

pytestmark = pytest.mark.browser

SAID: list[tuple[str, dict[str, Any]]] = [
    ("calls", {"messaging_product": "whatsapp", "calls": [{"id": "wacid." + "x" * 90, "event": "connect"}]}),
    ("history", {"metadata": {"phase": 0, "progress": 55}}),
    ("phone_number_quality_update", {"event": "FLAGGED", "display_phone_number": "15550783881", "current_limit": "TIER_1K"}),
    ("account_review_update", {"decision": "APPROVED"}),
    ("message_template_status_update", {"event": "FLAGGED", "message_template_name": "promo", "message_template_language": "en"}),
    ("message_template_status_update", {"event": "REJECTED", "message_template_name": "abandoned_cart", "message_template_language": "en_US", "reason": "INVALID_FORMAT", "rejection_info": {"reason": "Variables stand side by side."}}),
]  # fmt: skip


@pytest.fixture
def furnished(site: Any) -> ConnectedAccount:
    with site.inside("acme"):
        account = ConnectedAccount.objects.create(channel="whatsapp", external_id="106540352242922", name="Acme phone")
        for number, (topic, details) in enumerate(SAID):
            at = clock.now() - timedelta(hours=20 - number)
            services.keep_notice(account, topic=topic, text="not handled yet", details=details, at=at)
        for name, state, reason in (
            ("order_update", "approved", ""),
            ("abandoned_cart", "rejected", "Variables stand side by side."),
            ("promo", "paused", "Too many people blocked it."),
            ("welcome", "pending", ""),
        ):
            MessageTemplate.objects.create(
                account=account, name=name, body="Hello {{1}}, it is on its way.", state=state, state_reason=reason
            )
        ai.save_persona(
            Persona.objects.get(), greeting={"en": "Hello", "ar": "أهلا وسهلا"}, rules="Be kind. " * 40, is_on=False
        )
    return account


def test_pages_look_right(browser: Any, site: Any, furnished: ConnectedAccount) -> None:
    cookies = site.cookies("alice")
    visit(browser, site.url(f"/dashboard/channels/{furnished.pk}/"), name="account-notices", cookies=cookies)
    visit(browser, site.url("/dashboard/settings/templates/"), name="templates-judged", cookies=cookies)
    visit(browser, site.url("/dashboard/settings/activity/"), name="activity-settings", cookies=cookies)
