from django.http import HttpRequest

from apps.ui.shell import Shell


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Gives every template `ui`: brand, menu, banners, language, direction, theme."""
    return {"ui": Shell(request)}
