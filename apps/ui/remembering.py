"""Words and marks that depend on nothing but their arguments and the language: made once, a string from then on.

    @per_language
    def weekday(number: int) -> str: ...

Not for what differs per person: arguments are few values of ours (a state, a channel, a day), never what somebody typed.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from django.utils.translation import get_language

Made = TypeVar("Made", bound=Callable[..., Any])
KEPT = 4096  # of each kind, those used last


def per_language(make: Made) -> Made:
    # By type too: a string that is marked as safe equals one that is not, and is shown otherwise.
    @lru_cache(KEPT, typed=True)
    def made(_language: str | None, *arguments: Hashable, **named: Hashable) -> Any:
        return make(*arguments, **named)

    @wraps(make)
    def remembered(*arguments: Hashable, **named: Hashable) -> Any:
        return made(get_language(), *arguments, **named)

    return cast("Made", remembered)
