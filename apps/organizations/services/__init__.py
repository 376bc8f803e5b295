"""What can be done with organizations, people, keys and budgets. One file per subject; all verbs are found here."""

from .addresses import ask_to_confirm, confirm_address
from .agency import (
    give_password,
    make_account,
    pause_organization,
    resume_organization,
    set_staff,
    switch_off,
    switch_on,
    try_again,
    update_account,
)
from .budgets import ai_level, check_budgets, meter
from .domains import claim_domain, prove_again, prove_domain
from .health import health_probe, refresh_health, refresh_health_soon, report_failure
from .invitations import accept_invitation, invite, join, link_to_show, revoke_invitation, send_invitation
from .keys import create_api_key, revoke_api_key
from .organizations import create_organization, on_new_organization, update_organization
from .people import (
    add_member,
    change_role,
    deactivate_member,
    let_in,
    reactivate_member,
    update_profile,
)
from .schedules import change_schedule
from .sign_ins import end_other_sign_ins, end_sign_in

__all__ = [
    "accept_invitation",
    "add_member",
    "ai_level",
    "ask_to_confirm",
    "change_role",
    "change_schedule",
    "check_budgets",
    "claim_domain",
    "confirm_address",
    "create_api_key",
    "create_organization",
    "deactivate_member",
    "end_other_sign_ins",
    "end_sign_in",
    "give_password",
    "health_probe",
    "invite",
    "join",
    "let_in",
    "link_to_show",
    "make_account",
    "meter",
    "on_new_organization",
    "pause_organization",
    "prove_again",
    "prove_domain",
    "reactivate_member",
    "refresh_health",
    "refresh_health_soon",
    "report_failure",
    "resume_organization",
    "revoke_api_key",
    "revoke_invitation",
    "send_invitation",
    "set_staff",
    "switch_off",
    "switch_on",
    "try_again",
    "update_account",
    "update_organization",
    "update_profile",
]
