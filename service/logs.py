"""Structured logs: one JSON object a line, with ids and never with payloads, keys or tokens."""

import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog


def configure_logs(stream: TextIO | None = None) -> None:
    """Lets every logger of this process write JSON lines to `stream` (default: standard output)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _as_json,
        ],
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=False,
    )


def told_safely(fault: BaseException) -> dict[str, Any]:
    """What a log may say about an unforeseen exception: its classes and places, not its message.

    Drivers and validators quote the values that they choke on, so a message may hold a payload.
    """
    kinds: list[str] = []
    places: list[str] = []
    current: BaseException | None = fault
    while current is not None and len(kinds) < 5:
        kinds.append(f"{type(current).__module__}.{type(current).__qualname__}")
        trace = current.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        current = current.__cause__ or current.__context__
    return {"fault": kinds, "at": places[-40:]}


def _as_json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()
