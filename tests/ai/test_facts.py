"""The fact check: what it must catch, what it must let pass, and that nothing breaks it."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ai.facts import check, rows_of
from apps.ai.providers import Briefing, ToolCall, Turn

ROWS: list[dict[str, Any]] = [
    {
        "sku": "SB-200",
        "name": "Steel-toe boot",
        "names": {"ar": "حذاء سلامة"},
        "price": "249.00",
        "currency": "SAR",
        "stock": 12,
        "url": "https://acme.example/b1",
        "attributes": {"size": "42"},
    },
    {"sku": "B2", "name": "Leather boot 900", "price": Decimal("1320.50"), "stock": 0},
    {"name": "Villa in Olaya", "price": 1_250_000, "attributes": {"area": 320, "bedrooms": 4}},
    {
        "text": "Open 9:00-18:00. Delivery costs 25 SAR, free over 500 SAR. 10% off until 5 May 2026. Call +966 11 234 5678, www.acme.example, help@acme.example"
    },
    {"customer": "Can I come at 5 pm? I have 300 SAR, order 88123, my number is 0501234567, I was told it costs 199"},
]
TRUE = [
    "Steel-toe boot — 249 SAR, 12 in stock",
    "The boot costs 249.00 SAR.",
    "SAR 249 for the Steel-toe boot",
    "حذاء سلامة — ٢٤٩ ريال، المتوفر ١٢",
    "سعره 249 ريال ومتوفر منه 12 قطعة",
    "1. Steel-toe boot — 249 SAR\n2. Leather boot 900 — 1,320.50 SAR, out of stock",
    "2) Leather boot 900: 1 320.50 SAR",
    "The villa is 1,250,000 SAR, 320 sqm, 4 bedrooms",
    "The villa is about 1.25m SAR",
    "The villa costs 1.3 million SAR roughly",
    "الفيلا بسعر 1.25 مليون ريال",
    "Our shop is open 9:00–18:00",
    "The boot costs 249,00 SAR.",
    "The Leather boot 900 is 1.320,50 ريال, out of stock",
    "The villa is 1.250.000 SAR",
    "الفيلا بسعر ١٬٢٥٠٬٠٠٠ ريال",
    "السعر ١٣٢٠٫٥٠ ريال",
    "it costs two hundred and forty-nine riyals",
    "سعره مئتان وتسعة وأربعون ريال",
    "ten percent off",
    "You asked for 5 pm; a colleague will confirm.",
    "twelve pieces left of the Steel-toe boot",
    "We are open from 9 am to 6 pm",
    "نفتح الساعة 9 صباحا ونغلق 6 مساء",
    "Delivery is 25 SAR and free over 500 SAR; 10% off until May 5",
    "خصم ١٠٪ حتى ٥ مايو",
    "10 percent off until 2026-05-05",
    "10% off until 5/5/2026",
    "See https://acme.example/b1.",
    "Write to help@acme.example or see acme.example",
    "I have noted 050 123 4567",
    "Call us on 011 234 5678",
    "Under 300 SAR we have the Steel-toe boot at 249 SAR",
    "Within your budget of 300 SAR",
    "2 x 249 = 498 SAR in total",
    "Both together are 1,569.50 SAR",
    "size 42, 2 to 4 days, 3 options",
    "I found 3 items. Which one do you like?",
    "between 249 and 1,320.50 SAR",
    "249–1,320.50 SAR",
    "The SB-200 is 249 SAR",
    "About your order 88123, I am asking a colleague.",
    "The Leather boot 900 is sold out",
    "The leather boot 900 is not available right now",
    "حذاء سلامة متوفر",
    "",
    "Hello, how can I help?",
]
FALSE = [
    ("Steel-toe boot — 259 SAR", "price"),
    ("It costs 99", "price"),
    ("Steel-toe boot — 249 USD", "price"),
    ("Steel-toe boot — $249", "price"),
    ("الحذاء بسعر 249 درهم", "price"),
    ("The Steel-toe boot is 249 euros", "price"),
    ("it is ninety-nine riyals", "price"),
    ("سعره ثلاثمئة ريال", "price"),
    ("سعره مية وعشرين ريال", "price"),
    ("السعر 1.355,90 ريال", "price"),
    ("twenty percent off", "percentage"),
    ("we are open until 11 pm", "time"),
    ("yes, we are open until 5 pm", "time"),
    ("نغلق الساعة 11 مساء", "time"),
    ("open from 9 to 11 pm", "time"),
    ("We are open 24/7", "time"),
    ("قطعتان متبقيتان", "stock"),
    ("price: ١٩٩ ريال", "price"),
    ("That would be €249.50", "price"),
    ("$1.5k for you", "price"),
    ("The villa is 1.4m SAR", "price"),
    ("الحذاء بسعر ١٥٠", "price"),
    ("between 200 and 250 SAR", "price"),
    ("Steel-toe boot costs 1,320.50 SAR", "price"),
    ("yes, it costs 199 SAR", "price"),
    ("it is 300", "number"),
    ("it is 450", "number"),
    ("Steel-toe boot — 249 SAR, 15 in stock", "stock"),
    ("only 3 left", "stock"),
    ("only three left", "stock"),
    ("متبقي ٣ قطع", "stock"),
    ("المتوفر 50", "stock"),
    ("20% off", "percentage"),
    ("خصم ٣٠٪", "percentage"),
    ("twenty? no, 15 percent", "percentage"),
    ("until 6 May", "date"),
    ("حتى ٧ مايو", "date"),
    ("delivered on 2026-06-01", "date"),
    ("on 12/31/2026", "date"),
    ("see https://evil.example/x", "link"),
    ("see bit.ly/abc", "link"),
    ("mail me at a@b.co", "link"),
    ("call 0559998877", "number"),
    ("Leather boot 900 is in stock", "availability"),
    ("Steel-toe boot is sold out", "availability"),
]


@pytest.mark.parametrize("reply", TRUE)
def test_true_replies_pass(reply: str) -> None:
    assert check(reply, ROWS) == []


@pytest.mark.parametrize(("reply", "kind"), FALSE)
def test_false_replies_are_caught(reply: str, kind: str) -> None:
    assert [found.kind for found in check(reply, ROWS)][:1] == [kind]


def test_rows_of_a_conversation() -> None:
    call = ToolCall(id="1", name="search_catalog", arguments={"query": "boots", "max_price": 300})
    turns = [
        Turn(role="customer", text="boots under 300? I am at 0501234567"),
        Turn(role="assistant", calls=(call,)),
        Turn(
            role="tool",
            call_id="1",
            name="search_catalog",
            result={"items": [{"name": "Boot", "price": "249", "stock": 3}], "total": 14},
        ),
    ]
    rows = rows_of(
        turns,
        Briefing(
            organization="Acme",
            hours="9:00-18:00",
            knowledge=("Delivery: 25 SAR",),
            greeting={"en": "Since 1987"},
            known={"phone": "0559876543"},
        ),
    )
    assert (
        check("Under 300 SAR: Boot — 249 SAR, 3 in stock; one of 14. Delivery 25 SAR. I have 0559876543.", rows) == []
    )
    assert check("Boot — 300 SAR", rows)


SAID = "Boots cost 5 USD with 90% off until 1 May 2027, see https://evil.example/sale"


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("capture_lead", {"ok": True, "captured": {"name": SAID}, "rejected": {"phone": SAID}}),
        ("search_catalog", {"error": f"'{SAID}' is not a field."}),
        ("set_stage", {"error": SAID}),
        ("no_such_tool", {"items": [{"name": "Boots", "price": "5", "link": SAID}]}),
    ],
)
def test_what_a_customer_says_of_themselves_is_no_fact(name: str, result: dict[str, object]) -> None:
    turns = [Turn(role="tool", call_id="1", name=name, result=result)]
    rows = rows_of(turns, Briefing(organization="Acme", known={"name": SAID}))
    kinds = {
        found.kind for found in check("Boots cost 5 USD: 90% less until 1 May 2027. https://evil.example/sale", rows)
    }
    assert kinds == {"link", "date", "price", "percentage"}


def test_contact_details_that_were_saved_may_be_repeated() -> None:
    saved = {"ok": True, "captured": {"phone": "+971501234567", "email": "mona@example.com"}, "rejected": {}}
    rows = rows_of([Turn(role="tool", call_id="1", name="capture_lead", result=saved)])
    assert check("Thank you, we write to mona@example.com or call +971 50 123 4567.", rows) == []


money = st.decimals(min_value=1, max_value=9_999_999, places=2)


@given(money, st.integers(min_value=0, max_value=5000), st.sampled_from(["SAR", "$", "ريال", "EGP"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_a_row_says_may_be_said(price: Decimal, stock: int, unit: str, arabic_digits: bool) -> None:
    rows = [{"name": "Thing", "price": str(price), "stock": stock}]
    reply = f"Thing — {price:,} {unit}, {stock} in stock" if stock else f"Thing — {price:,} {unit}, out of stock"
    if arabic_digits:
        reply = reply.translate({ord(d): "٠١٢٣٤٥٦٧٨٩"[int(d)] for d in "0123456789"})
    assert check(reply, rows) == []


@given(money, money, st.sampled_from(["{} SAR", "${}", "السعر {} ريال", "price: {}", "it costs {}", "{} جنيه"]))
@settings(max_examples=150, deadline=None)
def test_another_price_is_caught(price: Decimal, other: Decimal, form: str) -> None:
    if price == other:
        return
    rows = [{"name": "Thing", "price": price}]
    assert [found.kind for found in check(form.format(other), rows)][:1] == ["price"]


@given(
    st.integers(min_value=0, max_value=9999),
    st.integers(min_value=0, max_value=9999),
    st.sampled_from(["{} in stock", "only {} left", "المتوفر {}", "{} units available"]),
)
@settings(max_examples=100, deadline=None)
def test_another_stock_is_caught(stock: int, other: int, form: str) -> None:
    kinds = [found.kind for found in check(form.format(other), [{"name": "Thing", "stock": stock}])]
    assert kinds == ([] if stock == other else ["stock"])


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.text(),
    st.lists(
        st.dictionaries(
            st.sampled_from(["price", "stock", "name", "names", "texts", "text", "customer", "discount", "x"]), junk
        ),
        max_size=4,
    ),
)
@settings(max_examples=200, deadline=None)
def test_it_never_raises(reply: str, rows: list[dict[str, Any]]) -> None:
    check(reply, rows)


@given(st.text(alphabet="0123456789٠١٢٣.,-/%$ \nkm متوفرريالleftSAR", max_size=300))
@settings(max_examples=200, deadline=None)
def test_figures_in_any_order_never_raise(reply: str) -> None:
    check(reply, ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 1_000_000,
        "1,000 " * 170_000,
        "a.b." * 250_000,
        "@" * 1_000_000,
        "1-" * 500_000,
        "www." * 250_000,
        " " * 1_000_000,
        "ريال " * 200_000,
        "\x00" * 1_000_000,
    ],
)
def test_a_megabyte_is_read_quickly(text: str) -> None:
    began = time.process_time()  # the processor's: other work on this machine does not count
    check(text, [*ROWS, {"text": text, "name": text, "price": text}, {"customer": text}])
    assert time.process_time() - began < 5
