"""Numbers as people write them: what each style means, and what it may mean as well."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ui import text
from apps.ui.numbers import readings, spoken


@pytest.mark.parametrize(
    ("figure", "meant"),
    [
        ("1.000,00", ["1000.00"]), ("1.355,90", ["1355.90"]), ("1,355.90", ["1355.90"]), ("1 355,90", ["1355.90"]),
        ("1\u202f355,90", ["1355.90"]), ("1'250.50", ["1250.50"]), ("12,34,567.5", ["1234567.5"]), ("1.000.000", ["1000000"]),
        ("1.250", ["1250", "1.250"]), ("1,250", ["1250", "1.250"]), ("0.500", ["0.500"]), ("2,5", ["2.5"]), ("1250.000", ["1250.000"]),
        ("1 000.500", ["1000.500"]), ("7", ["7"]), ("", []), ("x", []), ("9" * 60, []), ("1..2", ["12"]),
    ],
)  # fmt: skip
def test_readings(figure, meant):
    assert list(map(str, readings(figure))) == meant


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from([",.", ".,", " ,", " .", "\u00a0,", "'."]))
def test_every_style_of_an_amount_with_cents_is_understood(amount, style):
    group, mark = style
    written = f"{amount:,.2f}".translate({ord(","): group, ord("."): mark})
    assert readings(written) == (amount,)


@given(st.text(alphabet="0123456789.,' \u00a0", max_size=40))
def test_nothing_breaks_it(figure):
    readings(figure)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("ninety-nine riyals", [99]), ("one hundred and twenty five dollars", [125]), ("two thousand three hundred", [2300]),
        ("ثلاثمئة ريال", [300]), ("ثلاثمائة", [300]), ("مئتان وخمسون ريالًا", [250]), ("خمسة آلاف ومئة درهم", [5100]), ("ألفين", [2000]),
        ("مية وعشرين جنيه", [120]), ("تلتمية", [300]), ("1.25 مليون", []), ("three for one", [3, 1]), ("and a half", []), ("", []),
    ],
)  # fmt: skip
def test_words(words, values):
    assert [one.value for one in spoken(text.normalize(words))] == list(map(Decimal, values))
