"""Where facts go, and which."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import queries, services
from .models import Delivery, Endpoint


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/hooks", "autocomplete": "off", "dir": "ltr"}),
        help_text=_("Where events are posted to. It must be on the public internet; https is strongly advised."),
    )
    description = forms.CharField(
        label=_("Name"), max_length=160, required=False, help_text=_("How your team calls it, such as: Our CRM.")
    )
    everything = forms.TypedChoiceField(
        label=_("Which events"),
        choices=[("1", _("All events, also those that come with later versions")), ("", _("Only these:"))],
        coerce=bool,
        empty_value=False,  # type: ignore[arg-type]  # the stubs know texts only
        required=False,
        initial="1",
        widget=forms.RadioSelect,
    )
    types = forms.MultipleChoiceField(label=_("Events"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        if endpoint is not None:
            kwargs["initial"] = {
                "url": endpoint.url,
                "description": endpoint.description,
                "everything": "" if endpoint.types else "1",
                "types": endpoint.types,
            }
        super().__init__(*args, **kwargs)
        self.endpoint = endpoint
        self.fields["url"].widget.attrs["readonly"] = bool(endpoint and endpoint.catcher)
        # A type that was retired stays choosable where it was chosen, so that saving does not fail over it.
        known = queries.choosable_types()
        self.fields["types"].choices = [(name, name) for name in sorted(known)]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        if self.endpoint and self.endpoint.catcher:
            return self.endpoint.url
        try:
            return services.clean_url(self.cleaned_data["url"].strip())
        except ValidationError as error:
            raise ValidationError(error.message_dict["url"]) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("everything") and not data.get("types") and "types" not in self.errors:
            self.add_error("types", _("Choose at least one event, or all of them."))
        return data

    def choice(self) -> dict[str, Any]:
        """What the services take."""
        data = self.cleaned_data
        return {
            "url": data["url"],
            "description": data["description"],
            "types": [] if data["everything"] else data["types"],
        }

    def groups(self) -> list[tuple[str, list[tuple[queries.EventType, bool]]]]:
        """The events by group, each with whether it is chosen."""
        chosen = set(self["types"].value() or ())
        return [(name, [(event, event.type in chosen) for event in events]) for name, events in queries.groups()]


class ReplayForm(forms.Form):
    """Which deliveries of an endpoint go out again."""

    state = forms.ChoiceField(
        label=_("Which"),
        choices=[
            ("dead", _("Those given up")),
            ("undelivered", _("Those given up or canceled")),
            ("all", _("All, also those that arrived")),
        ],
        required=False,
        initial="dead",
    )
    since = forms.DateTimeField(
        label=_("From"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    STATES = {
        "dead": [Delivery.State.DEAD],
        "undelivered": [Delivery.State.DEAD, Delivery.State.CANCELLED],
        "all": [Delivery.State.DEAD, Delivery.State.CANCELLED, Delivery.State.DELIVERED],
    }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] >= data["until"]:
            self.add_error("until", _("The end must lie after the beginning."))
        if data.get("state") == "all" and not data.get("since"):
            self.add_error("since", _("Say from when on; otherwise everything would be sent again."))
        return data

    def choice(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"states": self.STATES[data["state"] or "dead"], "since": data.get("since"), "until": data.get("until")}
