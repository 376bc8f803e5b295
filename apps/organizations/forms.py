"""What people fill in about their organization, its people and themselves."""

from __future__ import annotations

import io
from typing import Any

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

from apps.ui import pickers, pictures

from .models import Organization, Role, User

LOGO_BYTES = 1024 * 1024
LOGO_PIXELS = 512
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def roles_up_to(held: Role) -> list[tuple[str, Any]]:
    """The roles somebody may give, the least first."""
    return [(role.value, role.label) for role in sorted(Role, key=lambda r: r.rank) if held.includes(role)]


def clean_picture(upload: Any) -> bytes:
    """Any picture -> a small PNG without metadata; ValidationError for everything else (SVG can hold script)."""
    if upload.size > LOGO_BYTES:
        raise ValidationError(_("The picture is larger than 1 MB. Choose a smaller one."))
    if (pictures.pixels_of(upload) or 0) > pictures.DECODED:
        raise ValidationError(_("The picture has too many pixels. Choose a smaller one."))
    try:
        with Image.open(upload, formats=_FORMATS) as picture:
            drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ValidationError(_("This is not a PNG, JPEG, WebP or GIF picture.")) from error
    drawn.thumbnail((LOGO_PIXELS, LOGO_PIXELS))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


class OrganizationForm(forms.ModelForm):
    """Name, look, language: Settings → Organization."""

    timezone = pickers.PickField(label=_("Time zone"), choices=pickers.timezones)
    currency = pickers.CodeField(label=_("Currency"), choices=pickers.currencies)
    country = pickers.CodeField(
        label=_("Country"),
        choices=pickers.countries,
        help_text=_("Phone numbers written without a country code are read as numbers of this country."),
    )
    new_logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, WebP or GIF up to 1 MB. It stands in the menu and in the chat window."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    class Meta:
        model = Organization
        fields = (
            "name", "trade", "accent", "language", "timezone", "currency", "country", "sender_name", "sender_email",
        )  # fmt: skip
        widgets = {"accent": forms.TextInput(attrs={"type": "color"})}
        help_texts = {
            "trade": _("What the business does, in a few words. The assistant knows it from here."),
            "accent": _("For buttons, links and the chat window. We keep it readable."),
            "sender_name": _("Mail to customers comes from this name."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("timezone", "currency", "country"):
            self.fields[name].keep(getattr(self.instance, name))  # type: ignore[attr-defined]
        if not self.instance.logo:
            del self.fields["remove_logo"]

    def clean_new_logo(self) -> bytes | None:
        upload = self.cleaned_data.get("new_logo")
        return clean_picture(upload) if upload else None

    def changes(self) -> dict[str, Any]:
        """What services.update_organization takes."""
        data = {name: self.cleaned_data[name] for name in self.Meta.fields}
        logo = self.cleaned_data.get("new_logo")
        if logo is None and self.cleaned_data.get("remove_logo"):
            logo = b""
        return {**data, "logo": logo}


class InviteForm(forms.Form):
    """Ask somebody to join."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), initial=Role.AGENT.value)

    def __init__(self, *args: Any, held: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_up_to(held)  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """Give a member another role."""

    role = forms.ChoiceField(choices=Role.choices)


class JoinForm(forms.Form):
    """Accept an invitation as somebody new."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            try:
                password_validation.validate_password(password, User(email=self.email, name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class ProfileForm(forms.ModelForm):
    """A person's own name and language."""

    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        model = User
        fields = ("name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("The browser's")), *settings.LANGUAGES]  # type: ignore[attr-defined]


class KeyForm(forms.Form):
    """Make an API key."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("What may it do?"), help_text=_("A key can never do more than you."))
    days = forms.ChoiceField(
        label=_("How long does it work?"),
        choices=[("", _("Until it is revoked")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("One year"))],
        required=False,
    )

    def __init__(self, *args: Any, held: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_up_to(held)  # type: ignore[attr-defined]
        self.fields["role"].initial = Role.AGENT.value


class EntryForm(forms.Form):
    """Why agency staff goes into a tenant."""

    reason = forms.CharField(
        label=_("Why do you go in?"),
        max_length=200,
        help_text=_("The organization sees this in its activity log."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewOrganizationForm(forms.Form):
    """A new tenant, in one form."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.CharField(
        label=_("Short name"), max_length=40, help_text=_("a–z, 0–9 and hyphens: the first part of its address.")
    )
    owner_email = forms.EmailField(label=_("Owner's e-mail address"), help_text=_("They are invited by mail."))
    trade = forms.CharField(label=_("Trade"), max_length=120, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = pickers.PickField(label=_("Time zone"), choices=pickers.timezones, initial="UTC")
    currency = pickers.CodeField(label=_("Currency"), choices=pickers.currencies, initial="USD")


class ResetPasswordForm(AllauthResetPasswordForm):
    """A forgotten password is mailed to proven addresses only: who merely claims one could be anybody."""

    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.is_proven]
        return email
