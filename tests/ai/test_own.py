"""Whose a number or an address in a text is: the writer's own only where that is clear."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ai.providers.offline import own

ASKED = "May I have your name and phone number, so that a colleague can follow up?"
ASKED_AR = "هل لي باسمك ورقم هاتفك ليتابع معك أحد الزملاء؟"

THEIRS = [
    ("my number is +971 50 123 4567", "+971501234567"),
    ("My new WhatsApp number: 0501234567", "0501234567"),
    ("my mobile is 447911123456", "+447911123456"),
    ("you can call me back tomorrow after 5 pm at 050 123 4567", "0501234567"),
    ("text me at (555) 123-4567", "5551234567"),
    ("0501234567 is my number", "0501234567"),
    ("my number is 0501234567, my wife's is 0559876543", "0501234567"),
    ("Phone: +971501234567", "+971501234567"),
    ("I'm Omar, 0501234567", "0501234567"),
    ("Omar Farouk, 050 765 4321", "0507654321"),
    ("+447911123456", "+447911123456"),
    ("رقمي ٠٥٠١٢٣٤٥٦٧", "0501234567"),
    ("رقم جوالي هو 0501234567", "0501234567"),
    ("كلمني على 01012345678", "01012345678"),
    ("تواصل معي على الرقم 0501234567", "0501234567"),
    ("0501234567 هذا رقمي", "0501234567"),
    ("ra2mi 01012345678", "01012345678"),
    ("el ra2mi howa 0501234567", "0501234567"),
    ("kalemni 3ala 01012345678", "01012345678"),
]
NOT_THEIRS = [
    "call my wife on +44 7911 123456",
    "my wife's number is +971507654321",
    "his number is 0501234567",
    "your shop on +971501234567 did not answer",
    "Is 0501234567 your number?",
    "447911123456 views",
    "I have 447911123456 followers",
    "the 5511987654321 video",
    "447911123456",
    "order number 123456789",
    "my order number is 447911123456",
    "tracking 00971501234567",
    "SKU 8801234567",
    "IBAN AE07 0331 2345 6789 0123 456",
    "my IBAN is AE070331234567890123456",
    "my budget is 1500000",
    "1500000 SAR",
    "سعره 1500000 ريال",
    "49.234939575195, 6.9993596",
    "٤٩٫٢٣٤٩٣٩، ٦٫٩٩٩٣٥٩٦",
    "https://maps.google.com/?q=25.2048493,55.2707828",
    "https://wa.me/971501234567",
    "كلم زوجتي على 0501234567",
    "رقم زوجتي 0501234567",
    "اتصل بأخوي 0501234567",
    "رقم الطلب 0501234567",
    "mrati 0501234567",
]


@pytest.mark.parametrize(("text", "number"), THEIRS)
def test_a_number_that_is_clearly_theirs(text, number):
    assert own.phone(text) == number


@pytest.mark.parametrize("text", NOT_THEIRS)
def test_a_number_that_is_anybodys(text):
    assert own.phone(text) == ""


@pytest.mark.parametrize("reply", [ASKED, ASKED_AR])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Sara 447911123456", "+447911123456"),
        ("it's 50 123 4567", "501234567"),
        ("Sure, 447911123456 thanks", "+447911123456"),
        ("my wife's is 0501234567", ""),
        ("order 123456789", ""),
        ("call my brother on 0501234567", ""),
    ],
)
def test_a_number_that_was_asked_for(text, number, reply):
    assert own.phone(text, reply) == number


def test_a_number_that_was_asked_for_as_something_else():
    assert own.phone("0501234567", "What is your order number?") == ""
    assert not own.is_asked("You can call our shop on 800 1234.", "phone")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("my email is A@b.com", "a@b.com"),
        ("email me at a@b.com please", "a@b.com"),
        ("a@b.com", "a@b.com"),
        ("ايميلي a@b.com", "a@b.com"),
        ("You can reach me at +971 50 123 4567 or a@b.com, order 12345678", "a@b.com"),
        ("I ordered via sales@shop.com yesterday", ""),
        ("contact support@vendor.com", ""),
        ("my wife's email is x@y.com", ""),
        ("ايميل زوجتي x@y.com", ""),
    ],
)
def test_addresses(text, address):
    assert own.email(text) == address


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["", ASKED]))
def test_whatever_is_written_is_read(text, reply):
    assert all(value for value in (*own.phones(text, reply), *own.emails(text, reply)))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "my number is " + "is " * 3000,
        "call me " + "1 " * 3000,
        "0" * 9000,
        "my phone " * 2000,
        "a@" * 4000,
        "- " * 4000,
    ],
)
def test_no_text_takes_long(text):
    list(own.phones(text, text))
