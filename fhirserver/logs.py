"""Log events as lines of JSON: a name and fields, no prose and no patient data."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from functools import lru_cache
from typing import Final

import msgspec

_OURS: Final = ("fhirserver.", "hl7v2_gateway.", "dicom_gateway.")
_MOST_CAUSES: Final = 5
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
            fields["exception"] = _told(record.exc_info[1])
        return _encode(fields).decode()

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """UTC, to the millisecond."""
        return f"{_second(int(record.created))}.{record.msecs:03.0f}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _told(error: BaseException | None) -> str:
    """A traceback without what exceptions say that aren't ours, such as a text that is no number.

    Those of the system (a file, a connection) and ours name no patient.
    """
    parts: list[str] = []
    while error is not None and len(parts) < _MOST_CAUSES:
        kind = type(error)
        says = isinstance(error, OSError) or kind.__module__.startswith(_OURS)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{name}{f': {error}' if says else ''}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich came of\n".join(parts)


def configure(level: str) -> None:
    """Write the events of this level and above to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    # What no line says isn't looked for: https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None  # noqa: SLF001 - as it says there
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


_encode = msgspec.json.Encoder(enc_hook=str).encode
