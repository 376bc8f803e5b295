"""What platforms said about an account, on its page: in words, or as it came."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from apps.integrations import notices, services
from apps.integrations.models import ConnectedAccount, Notice
from apps.jobs import clock


@pytest.fixture
def number(acme: Any) -> ConnectedAccount:
    return ConnectedAccount.objects.create(channel="whatsapp", external_id="3001", name="Acme phone")


def keep(account: ConnectedAccount, topic: str, text: str = "", **details: Any) -> Notice:
    services.keep_notice(account, topic=topic, text=text, details=details, at=clock.now())
    return Notice.objects.latest("id")


@pytest.mark.parametrize(
    ("topic", "details", "sentence", "tone"),
    [
        ("message_template_status_update", {"event": "REJECTED", "message_template_name": "promo", "message_template_language": "en", "reason": "SCAM"}, "The template “promo” (en) was rejected. SCAM", "bad"),
        ("message_template_status_update", {"event": "APPROVED", "message_template_name": "promo", "message_template_language": "en", "reason": "NONE"}, "The template “promo” (en) was approved and can be sent.", "good"),
        ("phone_number_quality_update", {"event": "FLAGGED", "display_phone_number": "15550783881", "current_limit": "TIER_1K"}, "The quality of +15550783881 is low. If it stays so, fewer messages may be sent. It may write first to 1,000 people a day.", "bad"),
        ("phone_number_quality_update", {"event": "UPGRADE", "display_phone_number": "1", "current_limit": "TIER_UNLIMITED"}, "More messages may be sent from +1 now. There is no daily limit.", "good"),
        ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}]}, "The business account was restricted: RESTRICTED_BIZ_INITIATED_MESSAGING", "bad"),
        ("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}}, "The business account broke a rule of the platform: SCAM", "bad"),
        ("account_update", {"event": "BRAND_NEW"}, "The platform reported: said", "neutral"),
        ("account_review_update", {"decision": "APPROVED"}, "The review of the business account ended well.", "good"),
        ("message_template_quality_update", {"new_quality_score": "RED", "message_template_name": "promo"}, "The quality of the template “promo” is low; it may be paused.", "bad"),
        ("history", {"metadata": {"progress": 55}}, "Earlier conversations are being copied: 55 % so far. They are not answered.", "neutral"),
        ("error", {}, "The platform reported an error: said", "bad"),
    ],
)  # fmt: skip
def test_known_topics_are_told_in_words(number, topic, details, sentence, tone):
    found = notices.told(keep(number, topic, "said", **details))
    assert (found.sentence, found.tone, found.raw) == (sentence, tone, "")


def test_what_nobody_knows_is_unsupported_and_shows_its_json(number):
    found = notices.told(keep(number, "tides", "not handled yet", tides=[{"id": "wacid.1", "event": "connect"}]))
    assert "tides" in found.sentence
    assert "not supported yet" in found.sentence
    assert '"wacid.1"' in found.raw


@pytest.mark.parametrize(
    "details",
    [
        {"event": ["x"], "restriction_info": 7, "violation_info": [], "current_limit": {"a": 1}, "rejection_info": "x"},
        {"event": "FLAGGED", "current_limit": "TIER_" + "9" * 50, "display_phone_number": "%(x)s %s"},
        {"decision": 10**40, "new_category": "<script>"},
    ],
)
@pytest.mark.parametrize("topic", ["account_update", "phone_number_quality_update", "message_template_status_update", "history", "template_category_update", "%s %(x)d"])  # fmt: skip
def test_hostile_details_are_shown_all_the_same(number, topic, details):
    assert notices.told(keep(number, topic, "100 % <b>", **details)).sentence


def test_the_page_shows_the_newest_twenty(number, alice, bob, charlie, globex, client_for):
    for count in range(25):
        keep(number, "tides", wacid=f"call-{count:02d}-<script>")
    keep(number, "account_review_update", decision="APPROVED")
    page = client_for(alice).get(f"/dashboard/channels/{number.pk}/").content.decode()
    assert "What the platform said" in page
    assert "The review of the business account ended well." in page
    assert "Unsupported" in page
    assert "call-24-&lt;script&gt;" in page
    assert "call-06" in page
    assert "call-05" not in page
    assert client_for(bob).get(f"/dashboard/channels/{number.pk}/").status_code == 403
    assert client_for(charlie, "globex").get(f"/dashboard/channels/{number.pk}/").status_code == 404


def test_only_so_many_are_kept_and_long_ones_are_shortened(number):
    other = ConnectedAccount.objects.create(channel="whatsapp", external_id="3002")
    keep(other, "calls")
    for count in range(services.NOTICES + 7):
        keep(number, "calls", count=count)
    assert number.notices.count() == services.NOTICES
    assert number.notices.order_by("id").first().details == {"count": 7}
    assert other.notices.count() == 1
    long = keep(number, "feed", words="x" * 50_000)
    assert len(long.details["shortened"]) == services.NOTICE_CHARACTERS


def test_names_keep_their_direction_in_arabic(number):
    notice = keep(number, "calls\u202e")
    with override("ar"):
        assert "\u2068calls\u2069" in notices.told(notice).sentence
    assert "\u202e" not in notices.told(notice).sentence
