"""Messages a second that the HL7 v2 parser reads, by processor time.

    python -m conformance.performance.hl7v2_parser ../shared/data/hl7v2/messages

Goal: 20,000 a second and core: parsed, and the fields of MSH and PID that the gateway routes by read.
Processor time, so that a busy machine doesn't count; the best of five rounds over all messages.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hl7v2_gateway import er7

GOAL: Final = 20_000
PATHS: Final = (
    "MSH-3", "MSH-4", "MSH-7", "MSH-9.1", "MSH-9.2", "MSH-9.3", "MSH-10", "MSH-11", "MSH-12", "MSH-18",
    "PID-3.1", "PID-3.4", "PID-5.1", "PID-5.2", "PID-7", "PID-8",
)  # fmt: skip


def routed(raw: bytes) -> None:
    message = er7.parse(raw)
    for path in PATHS:
        message.value(path)


def read_whole(raw: bytes) -> None:
    for leaf in er7.parse(raw).leaves():
        leaf.value  # noqa: B018 - reading is what is measured


def rate(messages: Sequence[bytes], work: Callable[[bytes], object]) -> float:
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for raw in messages:
            work(raw)
        best = min(best, time.process_time() - start)
    return len(messages) / best


def main() -> int:
    folder = Path(sys.argv[1])
    files = [p for p in folder.glob("*/*") if p.is_file() and not p.parent.name.startswith("_f")]
    messages = [raw for p in files if (raw := p.read_bytes()).startswith(b"MSH")]
    print(f"{len(messages)} messages of {sum(map(len, messages)) / len(messages):.0f} bytes")
    print(f"parsed                   {rate(messages, er7.parse):>9,.0f} a second")
    reached = rate(messages, routed)
    print(f"parsed, {len(PATHS)} fields read  {reached:>9,.0f} a second, goal {GOAL:,}")
    print(f"every leaf read          {rate(messages, read_whole):>9,.0f} a second")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
