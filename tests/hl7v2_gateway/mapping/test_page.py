"""The page of events says what the tables say."""

from __future__ import annotations

from docs.hl7v2_events import FILE, page


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), "run `python -m docs.hl7v2_events`"
