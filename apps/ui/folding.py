"""Templates that are computed where something can differ, and remembered where nothing can.

Most of a page is the same for everybody who reads its language: words, icons, addresses of lists, file names. When a
template is loaded, neighbors of that kind become one node, which is rendered once per language and set of routes and is
a string from then on. Nothing that depends on the context is touched, so what differs per person or per request is
computed each time, as it always was.

Constant are text, comments, `{% load %}`; `{% translate %}`, `{% url %}`, `{% static %}` and the simple tags marked with
`@constant` as long as their arguments are literals. Values are found and shown by values.py.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable, VariableNode
from django.template.defaulttags import CommentNode, LoadNode, URLNode
from django.template.library import SimpleBlockNode, SimpleNode
from django.template.loaders import base, cached
from django.template.smartif import TokenBase
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from apps.ui.remembering import per_language
from apps.ui.values import Value, shorten_the_way

Tag = TypeVar("Tag", bound=Callable[..., Any])
_SILENT = (LoadNode, CommentNode)


def constant(tag: Tag) -> Tag:
    """A simple tag whose result depends on its arguments and on the language alone."""
    remembered = per_language(tag)
    remembered.is_constant = True  # type: ignore[attr-defined]
    return remembered


class _Folding(base.Loader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """Django's cached loader; what it keeps has been folded before anybody else sees it."""


class Folded(Node):
    """Neighbors that render the same for a language and a set of routes."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.token, self.origin = nodes[0].token, nodes[0].origin
        self.made: dict[Any, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key = get_language(), get_urlconf(), context.autoescape
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = mark_safe("".join(str(node.render_annotated(context)) for node in self.nodes))
        return made


class FoldedName(Node):
    """`{% translate "…" as name %}` and the like: the value is made once, the name is set each time."""

    def __init__(self, node: Node, name: str) -> None:
        self.node, self.name = node, name
        self.token, self.origin = node.token, node.origin
        self.made: dict[Any, Any] = {}

    def render(self, context: Context) -> str:
        key = get_language(), get_urlconf(), context.autoescape
        if key not in self.made:
            self.node.render(context)
            self.made[key] = context[self.name]
        context[self.name] = self.made[key]
        return ""


class Address(Node):
    """`{% url "name" row.pk %}`: the route is looked up once, the numbers are put into it each time."""

    def __init__(self, node: URLNode) -> None:
        self.node = node
        self.token, self.origin = node.token, node.origin
        self.made: dict[Any, str | None] = {}

    def render(self, context: Context) -> str:
        numbers = tuple([argument.resolve(context) for argument in self.node.args])
        pattern = self._pattern(context) if all(type(one) is int and one >= 0 for one in numbers) else None
        if pattern is None:
            return str(self.node.render(context))
        address = pattern % numbers
        if not self.node.asvar:
            return address
        context[self.node.asvar] = address
        return ""

    def _pattern(self, context: Context) -> str | None:
        """The address with %d for each number; None where no such route takes numbers."""
        routes = get_urlconf()
        if routes not in self.made:
            marks = [9_182_736_450_918_273 + place for place in range(len(self.node.args))]
            try:
                address = reverse(self.node.view_name.resolve(context), args=marks).replace("%", "%%")
            except NoReverseMatch:
                return None
            for mark in marks:
                address = address.replace(str(mark), "%d")
            self.made[routes] = address
        return self.made[routes]


def fold(nodes: NodeList) -> None:
    """Put constant neighbors of a list, and of all lists inside it, together."""
    folded: list[Node] = []
    run: list[Node] = []
    for node in nodes:
        for inside in _lists_of(node):
            fold(inside)
        for expression in _expressions(list(vars(node).values())):
            shorten_the_way(expression)
        if type(node) is VariableNode:
            node.__class__ = Value
        elif isinstance(node, URLNode) and _is_numbered(node):
            node = Address(node)
        name = _name_of(node)
        if _is_constant(node) and not name:
            run.append(node)
            continue
        folded += _joined(run)
        folded.append(FoldedName(node, name) if name and _is_constant(node) else node)
        run = []
    nodes[:] = folded + _joined(run)


def _joined(run: list[Node]) -> list[Node]:
    run = [node for node in run if not isinstance(node, _SILENT)]
    texts = [node.s for node in run if isinstance(node, TextNode)]
    if len(texts) < len(run):
        return [Folded(run)]
    return [TextNode("".join(texts))] if texts else []


def _lists_of(node: Node) -> Iterator[NodeList]:
    for value in vars(node).values():
        if isinstance(value, NodeList):
            yield value
        elif isinstance(value, list):  # {% if %}: pairs of a condition and what follows from it
            yield from (one for pair in value if isinstance(pair, tuple) for one in pair if isinstance(one, NodeList))


def _expressions(thing: Any) -> Iterator[FilterExpression]:
    """All that a node would look up, however its tag keeps it."""
    if isinstance(thing, FilterExpression):
        yield thing
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from _expressions(one)
    elif isinstance(thing, dict):
        yield from _expressions(list(thing.values()))
    elif isinstance(thing, TokenBase):  # of {% if %}
        yield from _expressions([thing.value, thing.first, thing.second])


def _name_of(node: Node) -> str:
    """What a tag sets instead of showing it."""
    return next(
        (name for attribute in ("asvar", "target_var", "varname") if (name := getattr(node, attribute, None))), ""
    )


def _is_constant(node: Node) -> bool:
    if isinstance(node, (TextNode, *_SILENT)):
        return True
    if isinstance(node, TranslateNode):
        return _are_literal([node.filter_expression, node.message_context])
    if isinstance(node, URLNode):
        return _are_literal([node.view_name, *node.args, *node.kwargs.values()])
    if isinstance(node, StaticNode):
        return type(node) is StaticNode and _are_literal([node.path])
    if isinstance(node, SimpleNode) and not isinstance(node, SimpleBlockNode):
        return getattr(node.func, "is_constant", False) and _are_literal([*node.args, *node.kwargs.values()])
    return False


def _is_numbered(node: URLNode) -> bool:
    return _are_literal([node.view_name]) and not node.kwargs and not _are_literal(node.args)


def _are_literal(arguments: Iterable[FilterExpression | None]) -> bool:
    """Strings and numbers that stand in the template itself, as they are."""
    return not any(
        one.filters or (isinstance(one.var, Variable) and one.var.lookups is not None)
        for one in arguments
        if one is not None
    )
