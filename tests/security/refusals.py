"""What a client is told that gets nothing."""

from __future__ import annotations


def invalid(answer, error="invalid_grant", status=400) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.text
