"""Which senders are known, and when."""

from __future__ import annotations

from typing import Any

from hl7v2_gateway.intake import Directory
from tests.hl7v2_gateway.v2 import a_sender, member


def test_the_sender_of_a_message_on_record_is_looked_for_again_at_once() -> None:
    endpoints: list[dict[str, Any]] = []
    directory = Directory(lambda _: endpoints)
    assert directory.named("west") is None

    endpoints.append(a_sender("west", member("application", "WEST")))

    found = directory.named("west")
    assert found is not None
    assert found.id == "west"
