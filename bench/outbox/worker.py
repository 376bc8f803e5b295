"""One worker: the product's, the batched floor's or the loop's; waits for a line on stdin before it begins."""

from __future__ import annotations

import os
import sys


def main() -> None:
    what, url = sys.argv[1:]
    if what == "product":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from apps.jobs import services as jobs
        from apps.webhooks_outbox import services

        jobs.claim("integrations", schema="nobody")  # the connection is there

        def work() -> None:
            jobs.run_due(kinds=[services.DELIVER])
    else:
        from bench.outbox import floor

        def work() -> None:
            getattr(floor, what)(url)

    print("ready", flush=True)
    sys.stdin.readline()
    work()


if __name__ == "__main__":
    main()
