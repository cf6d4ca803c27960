"""Figures: percentiles of right answers, counts of wrong ones."""

from __future__ import annotations

from conformance.performance.record import Record, percentile


def test_percentiles_are_nearest_ranks() -> None:
    ordered = [float(n) for n in range(1, 101)]

    assert [percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.5) == 0.0


def test_wrong_answers_are_in_no_latency_and_no_rate() -> None:
    record = Record()
    record.add("token", 0.010, None, b"{}")
    record.add("token", 0.000001, "nothing found", b"{}")

    row = record.figures(elapsed=2.0)["token"]

    assert (row.requests, row.rate, row.p50) == (1, 0.5, 10.0)
    assert row.errors == {"nothing found": 1}


def test_families_can_be_shown_together() -> None:
    record = Record()
    for kind in ("Patient", "Claim"):
        record.add(f"create {kind}", 0.002, None, b"")
    record.add("read Claim", 0.001, None, b"")

    rows = record.figures(1.0, group=lambda family: family.split()[0])

    assert {name: row.requests for name, row in rows.items()} == {"create": 2, "read": 1}


def test_records_of_processes_add_up() -> None:
    one, other = Record(), Record()
    one.add("read", 0.001, None, b"12")
    other.add("read", 0.003, None, b"3")
    other.add("read", 0.003, "status 500", b"4")

    one.merge(other)

    assert (one.answered, one.failed, one.bytes_received) == (2, 1, 4)
