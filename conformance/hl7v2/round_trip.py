"""v2 -> FHIR -> v2: how many field values survive, by family.

    python -m conformance.hl7v2.round_trip FOLDER [--family ORU] [--lost 40]

FOLDER holds messages, each in a file of its own. What is sent is made of the resources that the
conversion made, as for a receiver of the same version. A value counts where it stands: segment,
field and component; the header, which is the receiver's configuration, doesn't count.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.hl7v2.leaves import Place, leaves
from fhirserver.model.resource import Resource
from hl7v2_gateway.er7 import Malformed, Message, parse
from hl7v2_gateway.grammar import merged, structure, structure_of
from hl7v2_gateway.grammar.definitions import segment as fields_of
from hl7v2_gateway.grammar.syntax import Node
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.outbound.assembling import Unsendable, assembled
from hl7v2_gateway.outbound.composing import composed
from hl7v2_gateway.outbound.events import Trigger
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.outbound.tabulated import events
from hl7v2_gateway.outbound.wishes import Wishes, version_number
from hl7v2_gateway.partners import Sender

SHARED: Final = Path(__file__).parents[3] / "shared/data/hl7v2"

FAMILIES: Final = ("ADT", "ORU", "SIU", "ORM", "VXU")
FOCUS: Final = {
    "ORU": "DiagnosticReport",
    "SIU": "Appointment",
    "ORM": "ServiceRequest",
    "VXU": "Immunization",
}
_PEOPLE: Final = frozenset({"ADT^A28", "ADT^A31"})
_REFERENCES: Final = frozenset(
    {"patient", "beneficiary", "part-of", "encounter", "service", "appointment"}
)
_SAID_ONCE: Final = frozenset(
    ["MSH", "PID", "PD1", "ARV", "ROL", "NK1", "PV1", "PV2", "GT1", "IN1", "IN2", "AL1"]
)
"""What a second message about the same patient says again."""
_TIME: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class Score:
    """Of a family: messages, values, those that came back, and where the others stood."""

    messages: int = 0
    values: int = 0
    kept: int = 0
    outside: int = 0
    """Values where the version of their message has no field, and that didn't come back."""
    lost: Counter[Place] = field(default_factory=Counter)
    examples: dict[Place, str] = field(default_factory=dict)
    unconverted: int = 0
    fragments: int = 0

    @property
    def recall(self) -> float:
        """Of what the message's version has a place for."""
        counted = self.values - self.outside
        return self.kept / counted if counted else 1.0

    @property
    def of_all(self) -> float:
        """Of everything that was sent, wherever it stood."""
        return self.kept / self.values if self.values else 1.0

    def compare(
        self,
        wanted: Counter[tuple[Place, str]],
        found: Counter[tuple[Place, str]],
        places: Places | None = None,
    ) -> None:
        """Count the values of a message that are wanted, and those of them that are found."""
        missing = wanted - found
        if places is not None:
            self.outside += sum(n for (place, _), n in missing.items() if not places.has(place))
        self.messages += 1
        self.values += wanted.total()
        self.kept += wanted.total() - missing.total()
        for (place, text), count in missing.items():
            self.lost[place] += count
            self.examples.setdefault(place, text)


@dataclass(frozen=True, slots=True)
class Places:
    """The segments and fields that a message of a structure may have in a version.

    What stands elsewhere (a field of a later version, a segment of another message) would make
    what we send wrong, so nothing of it is sent; see `values_that_cannot.md`.
    """

    structure: str
    version: str

    def has(self, place: Place) -> bool:
        """Whether a value may stand there."""
        name, number, _ = place
        return name in _segments(self.structure, self.version) and any(
            part.number == number for part in fields_of(name, self.version)
        )


@cache
def _segments(name: str, version: str) -> frozenset[str]:
    return frozenset(_leaves(structure(name, version) or merged(name)))


def _leaves(node: Node) -> Iterator[str]:
    if not node.children:
        yield node.name
    for child in node.children:
        yield from _leaves(child)


class Converted:
    """The resources of a conversion, as a reader finds them."""

    def __init__(self, resources: Mapping[str, Resource]) -> None:
        self._resources = resources

    def read(self, reference: str) -> Resource | None:
        return self._resources.get(reference)

    def search(self, resource_type: str, pairs: Sequence[tuple[str, str]]) -> Sequence[Resource]:
        wanted = {value for name, value in pairs if name in _REFERENCES}
        found = (r for r in self._resources.values() if r["resourceType"] == resource_type)
        return [r for r in found if not wanted or wanted & set(_named(r))]

    def all(self, resource_type: str) -> list[Resource]:
        return [r for r in self._resources.values() if r["resourceType"] == resource_type]


def _named(resource: Resource) -> Iterator[str]:
    for name in (
        "patient",
        "beneficiary",
        "subject",
        "partOf",
        "encounter",
        "service",
        "appointment",
    ):
        given = resource.get(name, [])
        for one in given if isinstance(given, list) else [given]:
            yield one.get("reference", "")


def sent_again(message: Message) -> Message | None:
    """The message as it leaves after it has been converted; None for what isn't sent at all.

    Raises Unsupported where there is no conversion.
    """
    header = message.header
    event = f"{header.type}^{header.event}"
    conversion = convert(
        message, Sender("round-trip", "round trip", "X"), restore=restoring(header.version)
    )
    reader = Converted(stored({u.full_url: u.resource for u in conversion.upserts}))
    wishes = Wishes(version=_version(header.version))
    texts: list[bytes] = []
    for focus in focuses(event, reader):
        trigger = Trigger(event, focus, None, _control(message))
        try:
            segments = assembled(trigger, wishes, reader, control_id="1", time=_TIME)
        except Unsendable:
            continue
        # Several reports of one message leave as several messages about the same patient.
        skipped = _SAID_ONCE if texts else frozenset[str]()
        texts.append(composed([s for s in segments if s.name not in skipped], wishes))
    return parse(b"".join(texts)) if texts else None


def _control(message: Message) -> str | None:
    if message.header.type == "VXU":
        return message.value("RXA-21") or "A"
    return message.value("ORC-1")


def stored(resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources as a server has them: with ids, and references to these."""
    places = {
        url: f"{r['resourceType']}/{r.get('id', url.rpartition(':')[2])}"
        for url, r in resources.items()
    }
    return {
        places[url]: pointed({"id": places[url].partition("/")[2], **r}, places)
        for url, r in resources.items()
    }


def pointed(value: Any, places: Mapping[str, str]) -> Any:
    """A value whose references lead to where things are stored."""
    if isinstance(value, dict):
        return {k: pointed(v, places) for k, v in value.items()}
    if isinstance(value, list):
        return [pointed(v, places) for v in value]
    return places.get(value, value) if isinstance(value, str) else value


def focuses(event: str, reader: Converted) -> list[Resource]:
    """What a message of this event is about."""
    family = event.partition("^")[0]
    if event == "ADT^A40":
        return [
            p
            for p in reader.all("Patient")
            if any(x["type"] == "replaced-by" for x in p.get("link", ()))
        ]
    if event in _PEOPLE:
        return reader.all("Patient")[:1]
    if family == "ADT":
        return reader.all("Encounter")[:1]
    return reader.all(FOCUS[family])


def _version(text: str) -> str:
    try:
        return text if (2, 3) <= version_number(text) <= (2, 8, 2) else "2.5.1"
    except ValueError:
        return "2.5.1"


def messages(folder: Path) -> Iterator[Message]:
    """The messages of the families, that are well formed and of an event that we send."""
    known = events()
    for path in sorted(folder.rglob("*.hl7")):
        try:
            message = parse(path.read_bytes())
        except Malformed:
            continue
        if (
            f"{message.header.type}^{message.header.event}" in known
            and message.header.type in FAMILIES
        ):
            yield message


def scores(folder: Path) -> dict[str, Score]:
    """By family."""
    found: dict[str, Score] = defaultdict(Score)
    for message in messages(folder):
        score = found[message.header.type]
        try:
            again = sent_again(message)
        except Exception:
            score.unconverted += 1
            continue
        if again is None:
            # A fragment: nobody could be told of it, as it has no patient, or no order or visit.
            score.fragments += 1
            continue
        header = message.header
        name = structure_of(header.type, header.event)
        places = Places(name, _version(header.version))
        score.compare(leaves(message), leaves(again), places)
    return dict(found)


def main() -> None:
    """Print the share of values that came back, and where most were lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED / "messages")
    parser.add_argument("--family", choices=FAMILIES)
    parser.add_argument("--lost", type=int, default=0, help="list so many places of lost values")
    given = parser.parse_args()
    found = scores(given.folder)
    for family, score in sorted(found.items()):
        print(
            f"{family}: {score.recall:.1%} of {score.values - score.outside} values in "
            f"{score.messages} messages ({score.of_all:.1%} with {score.outside} outside of the "
            f"standard of their version), {score.fragments} fragments, {score.unconverted} not converted"
        )
        if given.family in {None, family}:
            for place, count in score.lost.most_common(given.lost):
                print(
                    f"  {count:6} {place[0]}-{place[1]}.{place[2]}  {score.examples[place][:60]!r}"
                )


if __name__ == "__main__":
    main()
