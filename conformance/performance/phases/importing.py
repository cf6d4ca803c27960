"""Import: transaction bundles, each client posting the next one that is left.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from conformance.performance.client import Request, Response
from conformance.performance.dataset import Body
from conformance.performance.drive import Script, drive
from conformance.performance.phases import Load, Result, result
from conformance.performance.record import Record
from conformance.performance.sample import Reservoir


class EntryAnswer(msgspec.Struct):
    status: str
    location: str = ""


class Entry(msgspec.Struct):
    response: EntryAnswer | None = None


class Answer(msgspec.Struct):
    """A transaction-response, as far as it's looked at."""

    type: str
    entry: list[Entry] = []


def statuses(body: bytes, expected: int) -> tuple[list[str], list[str]] | str:
    """Status and `Type/id` of every entry of a transaction's answer, or what is wrong with it."""
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except msgspec.DecodeError:
        return "not a Bundle"
    if answer.type not in {"transaction-response", "batch-response"}:
        return "not a transaction-response"
    if len(answer.entry) != expected:
        return "entries missing"
    answers = [entry.response or EntryAnswer("") for entry in answer.entry]
    return [a.status[:3] for a in answers], [_name(a.location) for a in answers]


def _name(location: str) -> str:
    parts = location.partition("/_history")[0].split("/")
    return "/".join(parts[-2:])


class Import:
    """The bundles that are left, and what became of those that were sent."""

    def __init__(self, load: Load, bodies: Sequence[Body], reservoir: Reservoir) -> None:
        self.load = load
        self.left: Iterator[Body] = iter(bodies)
        self.reservoir = reservoir
        self.record = Record()
        self.written = 0

    def client(self) -> Script:
        """Post bundles until none is left."""
        for body in self.left:
            request = self.load.target.request(
                "POST", self.load.target.path or "/", body.path.read_bytes()
            )
            response = yield Request("bundle", request, _accepted)
            if response.status == 200:
                self._take(body, response)

    def _take(self, body: Body, response: Response) -> None:
        read = statuses(response.body, body.entries)
        if isinstance(read, str):
            self.record.fail("entry", read, response.body, body.entries)
            return
        codes, names = read
        good = sum(code in {"200", "201"} for code in codes)
        self.written += good
        for code in codes:
            if code not in {"200", "201"}:
                self.record.fail("entry", f"status {code or 'missing'}", response.body)
        if good == body.entries and not body.shared:
            self.reservoir.offer(body.path, names)


def _accepted(response: Response) -> str | None:
    return None if response.status == 200 else f"status {response.status}"


def import_bundles(load: Load, bodies: Sequence[Body], reservoir: Reservoir) -> Result:
    """Hospitals and practitioners one after another, then patients by all clients at once."""
    run = Import(load, [], reservoir)
    before = load.meter.read()
    elapsed = 0.0
    for part, clients in (
        ([body for body in bodies if body.shared], 1),
        ([body for body in bodies if not body.shared], load.clients),
    ):
        run.left = iter(part)
        scripts = [run.client() for _ in range(min(clients, len(part)))]
        elapsed += drive(load.target, scripts, run.record, timeout_seconds=1800)
    resources = run.written / elapsed if elapsed else 0.0
    return result(
        "import",
        run.record,
        elapsed,
        load.meter.since(before),
        resources=run.written,
        resources_per_second=resources,
        megabytes=round(sum(body.path.stat().st_size for body in bodies) / 1e6, 1),
    )
