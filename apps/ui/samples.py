"""Invented data for the style page."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from apps.jobs import clock
from apps.ui.charts import Chart, Series

NEW = [4, 6, 3, 8, 7, 2, 1, 6, 9, 11, 8, 10, 4, 3]
WON = [1, 2, 0, 3, 2, 0, 0, 1, 4, 3, 2, 5, 1, 0]


def for_style_page() -> dict[str, Any]:
    now = clock.now()
    days = [f"{n} Nov" for n in range(8, 22)]
    people = [
        ("Mariam Haddad", "whatsapp", "qualified", "hot", 86, 1240, 3),
        ("يوسف الخطيب", "instagram", "new", "warm", 54, 310.5, 47),
        ("Tom Okafor", "webchat", "contacted", "cold", 12, 0, 60 * 5),
        ("\u202eevil\u202c <script>", "facebook", "lost", "cold", 3, -20, 60 * 26),
    ]
    return {
        "rows": [
            SimpleNamespace(
                name=name,
                channel=channel,
                stage=stage,
                label=label,
                score=score,
                worth=worth,
                at=now - timedelta(minutes=ago),
            )
            for name, channel, stage, label, score, worth, ago in people
        ],
        "moments": {
            "now": now,
            "earlier": now - timedelta(hours=3),
            "long_ago": now - timedelta(days=40),
            "window": now + timedelta(hours=3, minutes=20),
            "soon": now + timedelta(minutes=20),
        },
        "line": Chart("Leads per day", days, [Series("New", NEW)]),
        "two_lines": Chart("New and won", days, [Series("New", NEW), Series("Won", WON)]),
        "bars": Chart("Messages per day", days, [Series("In", NEW), Series("Out", WON)], kind="bar"),
        "nothing": Chart("AI cost", days, [Series("Cost", [0] * 14)], format="money"),
        "funnel": [("New", 128), ("Contacted", 96), ("Qualified", 41), ("Converted", 18), ("Won", 9)],
        "stages": [("new", "New"), ("qualified", "Qualified"), ("won", "Won")],
        "spark": NEW,
        "states": ["queued", "sent", "delivered", "read", "failed", "escalated", "resolved", "retrying", "connected"],
    }
