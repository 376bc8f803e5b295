"""Cursor pages: everything once, in order, both ways, whatever cursor a stranger sends."""

import base64
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.jobs import clock
from apps.organizations.models import User
from apps.ui.paging import paginate

pytestmark = pytest.mark.django_db
ORDERS = [("-created_at", "-id"), ("created_at", "id"), ("name", "id"), ("-id",)]


@pytest.fixture
def people(public):
    """Twelve people, three at each moment, so that the unique last column has to decide."""
    now = clock.now()
    User.objects.bulk_create(
        User(email=f"p{n}@paging.example", name=f"name {n % 5}", created_at=now - timedelta(hours=n // 3))
        for n in range(12)
    )
    return User.objects.filter(email__endswith="@paging.example")


@pytest.mark.parametrize("order", ORDERS)
def test_forth_and_back(people, order):
    wanted = list(people.order_by(*order))
    page = paginate(people, order=order, size=5)
    assert not page.previous_cursor
    seen = list(page)
    while page.next_cursor:
        page = paginate(people, page.next_cursor, order=order, size=5)
        seen += page
    assert seen == wanted
    page = paginate(people, page.previous_cursor, order=order, size=5)
    assert list(page) == wanted[5:10]
    page = paginate(people, page.previous_cursor, order=order, size=5)
    assert list(page) == wanted[:5]
    assert not page.previous_cursor
    assert page.next_cursor


def test_new_rows_do_not_shift_the_reader(people):
    first = paginate(people, order=ORDERS[0], size=5)
    User.objects.create(email="new@paging.example", created_at=clock.now())
    second = paginate(people, first.next_cursor, order=ORDERS[0], size=5)
    assert not set(first) & set(second)


def test_one_query_per_page(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        paginate(people, order=ORDERS[0], size=5)


def encoded(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode()


scalars = st.one_of(st.text(max_size=9), st.integers(), st.floats(), st.none())
plausible = st.tuples(
    st.sampled_from(["n", "p"]),
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00+14:00", "x\x00", "\ud800"]),
    st.one_of(st.text(max_size=9), st.sampled_from(["1", "99999999999999999999999", "-1"])),
)
cursors = st.one_of(
    st.text(max_size=60), st.one_of(st.binary(max_size=40), st.lists(scalars, max_size=4), plausible).map(encoded)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120, deadline=None)
@given(cursor=cursors)
def test_strange_cursors_are_harmless(people, cursor):
    for order in ORDERS:
        assert len(paginate(people, cursor, order=order, size=5)) <= 5


def test_mixed_directions_are_a_mistake_of_ours(people):
    with pytest.raises(ValueError, match="same way"):
        paginate(people, order=("-created_at", "id"))
