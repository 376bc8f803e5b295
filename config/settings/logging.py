"""Structured logs with tenant and trace id; JSON for machines, lines for somebody who reads along.

Tenant and trace are bound by the middleware and by the job runner (structlog's context variables), also for
libraries that log through the standard library.
"""

import sys

import structlog

from config.redaction import redact_secrets

from .env import env

LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()
# json or console
LOG_FORMAT = env.str("LOG_FORMAT", "json")

_shared: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_renderer: structlog.typing.Processor = (
    structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    if LOG_FORMAT == "console"
    else structlog.processors.JSONRenderer(ensure_ascii=False)
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.ExceptionRenderer(),
                redact_secrets,
                _renderer,
            ],
            "foreign_pre_chain": [*_shared, structlog.stdlib.ExtraAdder(allow=["status_code"])],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers (mails to ADMINS, a console of its own) are replaced by ours.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "propagate": True},
        # One line per outgoing call, beat or task of a library says too little for its length.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},  # failures; jobs write their own lines
        "psycopg.pool": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
