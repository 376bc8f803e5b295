"""How templates find values and show them: as Django does, with the usual case first.

Nearly all that a page shows is text or a whole number found by names (`lead.company`). For those the way is short here;
for whatever is rarer (methods, lists, missing names, dates, decimals) Django's own takes over, from the beginning.
"""

import re
from typing import Any

from django.template import Context
from django.template.base import FilterExpression, Variable, VariableNode, render_value_in_context
from django.utils.html import escape
from django.utils.safestring import SafeString

_MARKUP = re.compile("[&<>\"']")


class Name(Variable):
    """A variable whose parts are names in the context, of attributes or of keys."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.first, *self.rest = self.lookups or ()

    def resolve(self, context: Any) -> Any:
        if self.translate:  # said by `{% translate name %}`, as it renders
            return super().resolve(context)
        for scope in reversed(context.dicts):
            if self.first in scope:
                found = scope[self.first]
                break
        else:
            return super().resolve(context)
        if callable(found):
            return super().resolve(context)
        for name in self.rest:
            if type(found) is dict and name in found:
                found = found[name]
            elif hasattr(type(found), "__getitem__"):
                return super().resolve(context)
            else:
                try:
                    found = getattr(found, name)
                except Exception:  # noqa: BLE001 (which of them pass in silence is Django's to say)
                    return super().resolve(context)
            if callable(found):
                return super().resolve(context)
        return found


class Value(VariableNode):
    """`{{ … }}`"""

    def render(self, context: Context) -> str:
        value = self.filter_expression.resolve(context)
        kind = type(value)
        if kind is SafeString:
            return value
        if kind is str and context.autoescape:
            return escape(value) if _MARKUP.search(value) else value
        if kind is int:  # digits as they are: USE_THOUSAND_SEPARATOR is off
            return str(value)
        if kind is float and not context.use_l10n:
            return str(value)
        return render_value_in_context(value, context)


def shorten_the_way(expression: FilterExpression) -> None:
    variable = expression.var
    if type(variable) is Variable and variable.lookups and not variable.translate:
        expression.var = Name(str(variable.var))
