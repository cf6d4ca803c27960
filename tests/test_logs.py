"""What a line of the log says, and that it names no patient."""

from __future__ import annotations

import json
import logging
import sys

from fhirserver.errors import Invalid
from fhirserver.logs import JSONFormatter


def logged(act) -> dict:
    try:
        act()
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "it_failed", (), sys.exc_info())
    return json.loads(JSONFormatter().format(record))


def test_a_traceback_says_where_and_not_what_text_it_was() -> None:
    def act():
        try:
            int("Doe")
        except ValueError as error:
            raise KeyError("4711") from error

    told = logged(act)["exception"]

    assert "test_logs.py" in told
    assert "KeyError" in told
    assert "ValueError" in told
    assert "Doe" not in told.replace('int("Doe")', "")
    assert "4711" not in told.replace('KeyError("4711")', "")


def test_what_the_system_says_is_told_and_so_are_our_own_errors() -> None:
    def closed():
        raise ConnectionRefusedError(111, "Connection refused")

    def ours():
        raise Invalid("birthDate is after deceasedDateTime")

    assert "Connection refused" in logged(closed)["exception"]
    assert "birthDate is after" in logged(ours)["exception"]
