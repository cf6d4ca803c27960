"""Log events as lines of JSON: a name and fields, no prose and no patient data."""

from __future__ import annotations

import logging
import sys
import time
from typing import Final

import msgspec

_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JSONFormatter(logging.Formatter):
    """One line for each record: time, level, event, where it comes from, and its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        fields.update({k: v for k, v in record.__dict__.items() if k not in _STANDARD})
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return _encode(fields).decode()

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """UTC, to the millisecond."""
        seconds = time.gmtime(record.created)
        return (
            f"{seconds.tm_year}-{seconds.tm_mon:02}-{seconds.tm_mday:02}"
            f"T{seconds.tm_hour:02}:{seconds.tm_min:02}:{seconds.tm_sec:02}.{record.msecs:03.0f}Z"
        )


def configure(level: str) -> None:
    """Write the events of this level and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())


_encode = msgspec.json.Encoder(enc_hook=str).encode
