"""Files of messages are fetched from the platform, and from nothing that lies beside it."""

from __future__ import annotations

import pytest

from apps.conversations.adapters import Account, Refused, graph

STAND_IN = "http://127.0.0.1:8000/simulator/graph"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/metrics",
        "http://127.0.0.1:8000/simulator/graph/../../metrics",
        "http://127.0.0.1:8000/simulator/graphics",
        "http://127.0.0.1:8001/simulator/graph/x",
        "http://localhost:8000/simulator/graph/x",
        "https://127.0.0.1:8000/simulator/graph/x",
        "https://fbcdn.net.attacker.example/x",
        "http://x.fbcdn.net/x",
        "https://user@127.0.0.1:8000/simulator/graph/x",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_a_file_elsewhere_is_refused_unasked(url):
    account = Account(channel="facebook", external_id="1", token="t", base_url=STAND_IN, settings={})
    with pytest.raises(Refused):
        graph.download(account, url, 1000, authorized=False)


@pytest.mark.parametrize("url", [f"{STAND_IN}/media/1", "https://scontent.xx.fbcdn.net/x"])
def test_what_the_platform_serves_is_theirs(url):
    account = Account(channel="facebook", external_id="1", token="t", base_url=STAND_IN, settings={})
    assert graph._is_theirs(account, url)
