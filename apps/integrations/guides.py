"""How an account of each channel is connected, step by step: where to look, what to copy, and a drawing of the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Step:
    """`picture`: a drawing in templates/integrations/pictures; `field`: what of the form is filled in here."""

    title: Any
    text: Any
    picture: str = ""
    link: str = ""
    field: str = ""

    @property
    def drawing(self) -> str:
        return f"integrations/pictures/{self.picture}.html"


_TOKEN = Step(
    _("Make a token that does not expire"),
    _("Business settings → System users: add one, give it this account with full control, then “Generate token” with the messaging permissions. Copy it at once; Meta shows it a single time."),
    "token",
    "https://business.facebook.com/latest/settings/system_users",
    "token",
)  # fmt: skip

GUIDES: dict[str, tuple[Step, ...]] = {
    "facebook": (
        Step(
            _("Find the number of your page"),
            _("Business settings → Pages: choose the page. Its number stands below its name."),
            "page",
            "https://business.facebook.com/latest/settings/pages",
            "external_id",
        ),
        _TOKEN,
    ),
    "instagram": (
        Step(
            _("Link the account to a page"),
            _("Only professional accounts that are linked to a page can be connected. Business settings → Instagram accounts shows the account, its number and the page."),
            "page",
            "https://business.facebook.com/latest/settings/instagram_account_v2",
            "external_id",
        ),
        Step(
            _("Find the number of that page"),
            _("Business settings → Pages: choose the page. Its number stands below its name."),
            "page",
            "https://business.facebook.com/latest/settings/pages",
            "page_id",
        ),
        _TOKEN,
    ),
    "whatsapp": (
        Step(
            _("Find the id of the phone number"),
            _("WhatsApp Manager → Account tools → Phone numbers: open the number. Copy its “Phone number ID”, which is not the phone number itself."),
            "number",
            "https://business.facebook.com/latest/whatsapp_manager/phone_numbers",
            "external_id",
        ),
        Step(
            _("Find the id of the business account"),
            _("It stands on the same page, at the top: “WhatsApp Business Account ID”. With it, news about templates arrive here too."),
            "number",
            "https://business.facebook.com/latest/whatsapp_manager/phone_numbers",
            "waba_id",
        ),
        _TOKEN,
    ),
}  # fmt: skip
