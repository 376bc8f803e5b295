"""Whatever brand color an organization picks, everything stays readable."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.ui import views
from apps.ui.contrast import (
    DARK_SURFACES,
    EDGE,
    LIGHT_SURFACES,
    TEXT,
    contrast,
    dark_accent,
    light_accent,
    parse_hex,
)

colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
themes = pytest.mark.parametrize(("accent", "surfaces"), [(light_accent, LIGHT_SURFACES), (dark_accent, DARK_SURFACES)])


@themes
@given(brand=colors)
def test_any_brand_color_meets_aa(accent, surfaces, brand):
    made = accent(brand)
    assert contrast(made.fill, made.on_fill) >= TEXT
    assert contrast(made.fill_hover, made.on_fill) >= TEXT
    for surface in surfaces:
        assert contrast(made.edge, surface) >= EDGE
        assert contrast(made.text, surface) >= TEXT
    assert contrast(made.text, made.soft) >= TEXT


def test_a_good_brand_color_is_left_alone():
    assert light_accent("#0b6477").fill == "#0b6477"
    assert light_accent("#0b6477").text == "#0b6477"
    assert light_accent("#ffde00").fill == "#ffde00"  # yellow keeps its fill and gets dark words


@pytest.mark.parametrize(
    ("given", "read"),
    [("#0AF", "#00aaff"), (" 00aaff ", "#00aaff"), ("red", None), ("", None), (None, None), ("#12345", None)],
)
def test_parse_hex(given, read):
    assert parse_hex(given) == read


@given(text=st.text(max_size=40))
def test_the_stylesheet_takes_any_input(text):
    response = views.brand_css(RequestFactory().get("/brand.css", {"accent": text}))
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")
    body = response.content.decode()
    assert body.count("{") == body.count("}") == 1
    assert "<" not in body


def test_contrast_knows_the_extremes():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
