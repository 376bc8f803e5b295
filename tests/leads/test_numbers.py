"""One form of phone numbers: whatever way a line is written, it is read, compared, found and shown as one."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.leads import numbers, queries, services

SAME = [
    # The way it is stored, and other ways to write it: (typed, the organization's country).
    ("+5511987654321", ["551187654321", "+55 11 8765-4321", "5511987654321", ("11 8765-4321", "BR"), ("(011) 98765-4321", "BR")]),
    ("+525512345678", ["5215512345678", "+52 1 55 1234 5678", "525512345678", ("55 1234 5678", "MX")]),
    ("+5491123456789", ["5491123456789", "+54 9 11 2345-6789", ("011 15 2345-6789", "AR"), "+54 11 2345-6789"]),
    ("+2290197123456", ["22997123456", "+229 97 12 34 56", "2290197123456"]),
    ("+971501234567", ["00971501234567", "971501234567", "+971 050 123 4567", ("0501234567", "AE"), ("٠٥٠ ١٢٣ ٤٥٦٧", "AE"), ("00971501234567", "US"), ("971501234567", "SA")]),
    ("+447911123456", ["+44 (0) 7911 123456", ("07911 123456", "GB"), ("447911123456", "AE")]),
]  # fmt: skip
WAYS = [(right, *((way, "") if isinstance(way, str) else way)) for right, ways in SAME for way in [right, *ways]]


@pytest.mark.parametrize(("right", "typed", "country"), WAYS)
def test_one_line_has_one_key(right, typed, country):
    read = numbers.read(typed, country)
    assert numbers.same(read, right)
    assert read in numbers.spellings(right)
    assert numbers.shown(read).startswith("+")


@pytest.mark.parametrize(
    ("typed", "country"),
    [("12", ""), ("", "AE"), ("abc", "AE"), ("1234567", ""), ("+999123456789", ""), ("0" * 60, "AE"), ("447911", "AE")],
)
def test_what_is_no_number_is_refused(typed, country):
    with pytest.raises(ValueError, match="phone number"):
        numbers.read(typed, country)


@settings(deadline=None)
@given(st.sampled_from([right for right, _ways in SAME]), st.randoms())
def test_spaces_and_signs_change_nothing(right, random):
    typed = "".join(digit + random.choice(["", "", " ", "-", " - ", "\u200e"]) for digit in right[1:])
    assert numbers.same(numbers.read(f"+{typed}"), right)


@settings(deadline=None)
@example("", "3100000000", "")
@example("+", "8100100000000000", "")
@given(
    st.sampled_from(["", "+", "00"]),
    st.text("0123456789", min_size=1, max_size=17),
    st.sampled_from(["", "AE", "BR", "US"]),
)
def test_reading_again_changes_nothing(prefix, digits, country):
    try:
        read = numbers.read(prefix + digits, country)
    except ValueError:
        return
    assert numbers.read(read, country) == read
    assert numbers.key(numbers.key(read)) == numbers.key(read)
    assert {numbers.key(one) for one in numbers.spellings(read)} == {numbers.key(read)}
    assert len(read) <= 16


@pytest.mark.parametrize(("right", "typed", "country"), WAYS)
def test_a_person_is_found_by_any_way_to_write_their_number(acme, right, typed, country):
    acme.country = country
    lead = services.create_lead(by="user:1", name="Zoe", phone=numbers.read(right))
    assert list(queries.search(queries.leads(), typed)) == [lead]
    assert queries.same_person(phone=numbers.read(typed, country)) == [lead]


@pytest.mark.parametrize(
    ("entered", "wa_id"),
    [
        ("+5511987654321", "551187654321"),
        ("+5511987654321", "5511987654321"),
        ("+525512345678", "5215512345678"),
        ("+5491123456789", "5491123456789"),
        ("+541123456789", "5491123456789"),
        ("+15551110001", "15551110001"),
    ],
)
def test_who_was_entered_by_number_and_writes_from_it_is_one_person(acme, alice, api_for, entered, wa_id):
    made = api_for(alice).post("/api/leads/", {"name": "Ana", "phone": entered})
    assert made.status_code == 201
    lead, identity, created = services.find_or_create_by_identity("whatsapp", "pn", wa_id, phone=f"+{wa_id}", name="A.")
    assert (lead.pk, lead.name, created) == (made.json()["id"], "Ana", False)
    assert identity.value == wa_id, "answers go to the id they wrote from"
    assert numbers.same(lead.phone, entered)
    again, _identity, created = services.find_or_create_by_identity("whatsapp", "pn", wa_id, phone=f"+{wa_id}")
    assert (again.pk, created) == (lead.pk, False)
    assert lead.identities.filter(kind="phone").count() == 1
