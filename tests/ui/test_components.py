"""Components say what they should, in both languages, whatever they are given."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from apps.jobs import clock
from apps.ui import icons, navigation, phrases, shell
from apps.ui.charts import Chart, Series, nice_ceiling
from apps.ui.toasts import announce, toast

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def render(text, path="/", **context):
    return Template("{% load ui %}" + text).render(Context({"request": RequestFactory().get(path), **context}))


# Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "just now"),
        (60, "1 min ago"),
        (300, "5 min ago"),
        (3 * 3600, "3 hr ago"),
        (26 * 3600, "1 day ago"),
        (3 * 86400, "3 days ago"),
        (40 * 86400, "12 Oct"),
        (400 * 86400, "17 Oct 2025"),
        (-1200, "in 20 min"),
        (-7200, "in 2 hr"),
    ],
)
def test_relative(seconds, words):
    assert phrases.relative(NOON - timedelta(seconds=seconds), NOON) == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (1234.5, "USD", "$1,234.50"),
        ("-20", "EUR", "−€20.00"),
        (5, "AED", "AED\u00a05.00"),
        (1500, "JPY", "¥1,500"),
        (1.5, "KWD", "KWD\u00a01.500"),
        ("0.0042", "USD", "$0.0042"),
        (None, "USD", "–"),
        ("nan", "USD", "–"),
        ("what", "USD", "–"),
    ],
)
def test_money(amount, currency, words):
    assert phrases.money(amount, currency) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.25, "250 ms"),
        (4.2, "4.2 s"),
        (45, "45 s"),
        (720, "12 min"),
        (12000, "3 h 20 min"),
        (180000, "2 d 2 h"),
        (None, "–"),
    ],
)
def test_duration(seconds, words):
    assert phrases.duration(seconds) == words


def test_numbers_and_sizes():
    with translation.override("ar"):
        assert Template("{{ price }}").render(Context({"price": 1234.5})) == "1234.5"
    assert phrases.number(1234567) == "1,234,567"
    assert phrases.number("2.5") == "2.50"
    assert phrases.percent(0.256) == "26%"
    assert phrases.file_size(1536) == "1.5\u00a0KB"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("tom", "T"), ("يوسف الخطيب", "ي"), ("", ""), (None, ""), ("🙂 :)", "")],
)
def test_initials(name, letters):
    assert phrases.initials(name) == letters


# Marks ------------------------------------------------------------------------------------------------------------


def test_users_words_cannot_reorder_the_page_or_become_markup():
    html = render("{% usertext name %}", name="\u202eevil <b>\u2066")
    assert html == '<bdi dir="auto">evil &lt;b&gt;</bdi>'


def test_status_shows_icon_and_words_in_both_languages():
    html = render("{% status 'failed' %}")
    assert "Failed" in html
    assert "tone-bad" in html
    assert "<svg" in html
    assert "Something_new" not in render("{% status 'something_new' %}")
    with translation.override("ar"):
        assert "tone-bad" in render("{% status 'failed' %}")


def test_unknown_icon_says_what_to_do():
    with pytest.raises(icons.UnknownIcon, match=r"vendoring\.py"):
        icons.icon("no-such-icon")


def test_timeago_and_countdown():
    with clock.frozen(NOON):
        html = render(
            "{% timeago at %}|{% countdown soon %}|{% countdown at %}",
            at=NOON - timedelta(hours=3),
            soon=NOON + timedelta(minutes=20),
        )
    ago, soon, over = html.split("|")
    assert "3 hr ago" in ago
    assert 'title="Sat 21 Nov 2026, 09:00"' in ago
    assert "20 min" in soon
    assert 'data-countdown="soon"' in soon
    assert 'data-countdown="over"' in over


@pytest.mark.parametrize("score", [0, 55, 100, 999, -3, None])
def test_score_stays_in_its_bar(score):
    assert "Score" in render("{% score_badge score %}", score=score)


def test_block_components_keep_markup_and_escape_values():
    html = render(
        '{% pagehead title=t %}<a class="btn" href="/x">Go</a>{% endpagehead %}{% notice tone="bad" title=t %}<p>Why</p>{% endnotice %}'
        '{% empty title=t %}<a href="/y">First</a>{% endempty %}{% menu label=t %}<a class="menu-item" href="/z">M</a>{% endmenu %}'
        '{% dialog id="d" title=t %}<p>In</p>{% enddialog %}',
        t="<i>",
    )
    assert "<i>" not in html
    for part in (
        '<a class="btn" href="/x">Go</a>',
        "<p>Why</p>",
        '<a href="/y">First</a>',
        "<p>In</p>",
        'role="alert"',
    ):
        assert part in html


# Lists ------------------------------------------------------------------------------------------------------------


def test_chip_keeps_other_filters_and_forgets_the_cursor():
    html = render(
        "{% chip 'stage' 'stage' options %}",
        path="/?q=a%20b&stage=won&cursor=zzz",
        options=[("new", "New"), ("won", "Won")],
    )
    assert "chip-on" in html
    assert "?q=a+b&amp;stage=new" in html
    assert "cursor" not in html


def test_sort_header_turns_around():
    assert 'href="?sort=-name"' in render("{% sort_header 'Name' 'name' %}", path="/?sort=name")
    assert 'aria-sort="descending"' in render("{% sort_header 'Name' 'name' %}", path="/?sort=-name")


def test_pages_carry_the_filter():
    html = render(
        "{% pages page target='#rows' %}", path="/?q=x", page=SimpleNamespace(next_cursor="abc", previous_cursor="")
    )
    assert 'href="?q=x&amp;cursor=abc"' in html
    assert "prev" not in html


# Charts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peak", "top"), [(0, 2), (1, 2), (3, 4), (11, 12), (15, 16), (82, 100), (101, 120), (9999, 10000)]
)
def test_axis_ends_on_round_numbers(peak, top):
    assert nice_ceiling(peak) == top


def test_chart_and_its_table_show_the_same():
    chart = Chart("Leads", ["Mon", "Tue"], [Series("New", [1, None]), Series("Won", [2, 4])], kind="bar")
    html = render("{% chart chart %}", chart=chart)
    assert chart.top == 4
    assert html.count('<rect class="fill-') == 3
    assert html.count("<td") == 4


def test_chart_without_figures_says_so():
    assert "Nothing in this period yet." in render("{% chart c %}", c=Chart("AI cost", ["Mon"], [Series("Cost", [0])]))


# Frame ------------------------------------------------------------------------------------------------------------


def test_toasts_add_up_in_one_header():
    response = announce(
        toast(toast(HttpResponse(headers={"HX-Trigger": "saved"}), "Moved", undo_url="/undo"), "تم"), "3 new"
    )
    header = response.headers["HX-Trigger"]
    assert '"saved": {}' in header
    assert header.isascii()
    assert header.count('"message"') == 3


def test_menu_leaves_out_what_does_not_exist_or_is_not_allowed(monkeypatch, rf):
    monkeypatch.setattr(navigation, "_items", {})
    monkeypatch.setattr(shell.ports, "access", lambda _request, role: role == "viewer")
    navigation.register(navigation.NavItem("style", "Style", icon="palette", url="ui:style", order=20))
    navigation.register(navigation.NavItem("gone", "Gone", icon="x", url="no:such"))
    navigation.register(navigation.NavItem("secret", "Secret", icon="lock", url="ui:style", role="owner"))
    request = rf.get("/dashboard/style/")
    request.user = SimpleNamespace(is_authenticated=True)
    menu = navigation.build(request)
    assert [link.item.key for link in menu.all] == ["style"]
    assert menu.all[0].current
