"""Forms on other people's pages: made here, sent by anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db import IntegrityError, transaction

from apps.events import record
from apps.organizations.actors import Can
from apps.organizations.permissions import needs
from apps.ui import text

from . import details, services
from .events import FormSubmitted
from .models import Activity, Form, FormSubmission, Lead

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid")


@needs(Can.KEEP_FORMS)
def save_form(form: Form | None, **values: Any) -> Form:
    """Make or change a form; values come checked from a form or serializer."""
    form = form or Form()
    for name, value in values.items():
        setattr(form, name, value)
    form.save()
    return form


def origin_of(page: str, referrer: str, given: Mapping[str, str]) -> dict[str, str]:
    """Where the form was seen: page, referrer, and the campaign's marks from the page's address or ours."""
    found = {"page": _address(page), "referrer": _address(referrer)}
    try:
        marks = dict(parse_qsl(urlsplit(found["page"]).query, max_num_fields=100))
    except ValueError:
        marks = {}
    found.update({name: text.line(given.get(name) or marks.get(name, ""), 200) for name in UTM})
    return {name: value for name, value in found.items() if value}


def _address(url: str) -> str:
    value = text.line(url, 500)
    return value if value.startswith(("https://", "http://")) else ""


def submit(
    form: Form, token: str, data: Mapping[str, str], *, origin: Mapping[str, str], language: str = ""
) -> FormSubmission:
    """What somebody sent becomes a lead, exactly once per token, however often it is sent."""
    known = FormSubmission.objects.filter(form=form, token=token).select_related("lead").first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return _take(form, token, data, dict(origin), language)
    except IntegrityError:  # the same page was sent twice at the same moment
        return FormSubmission.objects.select_related("lead").get(form=form, token=token)


def _take(form: Form, token: str, data: Mapping[str, str], origin: dict[str, str], language: str) -> FormSubmission:
    kept = {name[:40]: text.clean(value, 5000) for name, value in data.items() if str(value).strip()}
    source = "ad" if origin.get("gclid") or origin.get("fbclid") else "form"
    given: dict[str, Any] = {name: kept[name] for name in details.NAMES if name in kept}
    known, _unusable = details.checked({"name": given.get("name"), "company": given.get("company")})
    lead = services.create_lead(
        by="customer",
        source=source,
        channel="form",
        origin={**origin, "form": form.name, "form_id": form.pk},
        language=language,
        **known,
    )
    submission = FormSubmission.objects.create(form=form, token=token, lead=lead, data=kept, origin=origin)
    services.capture_details(lead, **given, by="customer")
    _keep_answers(form, lead, kept)
    services.log_activity(
        lead, Activity.Kind.FORM, kept.get("message", ""), by="customer",
        data={"form": form.name, "form_id": form.pk, "answers": _labeled(form, kept)},
    )  # fmt: skip
    services.signal(lead, "form")
    record(
        FormSubmitted(form_id=form.pk, form=form.name, lead_id=lead.pk, submission_id=submission.pk, data=kept),
        actor="customer",
    )
    return submission


def _keep_answers(form: Form, lead: Lead, kept: Mapping[str, str]) -> None:
    """Answers to the form's own questions become the lead's custom fields."""
    for name, label in ((one["name"], one["label"]) for one in form.fields):
        if name in kept and name not in (*details.NAMES, "message"):
            services.set_custom_field(lead, label, kept[name], by="customer")


def _labeled(form: Form, kept: Mapping[str, str]) -> list[list[str]]:
    return [
        [one["label"] or one["name"], kept[one["name"]]]
        for one in form.fields
        if one["name"] in kept and one["name"] != "message"
    ]
