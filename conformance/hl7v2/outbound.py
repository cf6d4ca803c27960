"""FHIR -> v2 held against what others send for the same resources: recall of values, by family.

    python -m conformance.hl7v2.outbound FOLDER [--lost 40]

FOLDER holds pairs NAME.fhir.json and NAME.hl7. A Bundle is read as a server would have it; its
report or order leaves for a receiver of the version of the expected message. Values count where
they stand; the header doesn't, as it is the receiver's configuration. What the other side takes
from extensions of its own, or adds for one of its receivers, is among what is lost.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from conformance.hl7v2.leaves import leaves
from conformance.hl7v2.round_trip import Converted, Score, stored
from fhirserver.errors import NotUnderstood
from fhirserver.model import json
from fhirserver.model.resource import Resource
from hl7v2_gateway.er7 import Malformed, Message, parse
from hl7v2_gateway.outbound.assembling import Unsendable, assembled
from hl7v2_gateway.outbound.composing import composed
from hl7v2_gateway.outbound.events import Trigger
from hl7v2_gateway.outbound.wishes import Wishes

SHARED: Final = Path(__file__).parents[3] / "shared/data/hl7v2"

FOCUS: Final = {
    "ORU": ("DiagnosticReport",),
    "OML": ("ServiceRequest",),
    "ORM": ("ServiceRequest",),
    "ADT": ("Encounter", "Patient"),
}
_TIME: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)


def pairs(folder: Path) -> Iterator[tuple[Resource, Message]]:
    """Bundles, and the messages that are expected of them."""
    for path in sorted(folder.rglob("*.fhir.json")):
        expected = path.with_name(path.name.removesuffix(".fhir.json") + ".hl7")
        if not expected.exists():
            continue
        try:
            yield json.parse_object(path.read_bytes()), parse(expected.read_bytes())
        except (Malformed, NotUnderstood):
            continue


def sent(bundle: Resource, expected: Message) -> Message | None:
    """What we send for a Bundle."""
    resources = {
        e.get("fullUrl", f"{e['resource']['resourceType']}/{e['resource'].get('id')}"): e[
            "resource"
        ]
        for e in bundle.get("entry", ())
        if "resource" in e
    }
    reader = Converted(stored(resources))
    header = expected.header
    for resource_type in FOCUS.get(header.type, ()):
        for focus in reader.all(resource_type):
            trigger = Trigger(f"{header.type}^{header.event}", focus, None, expected.value("ORC-1"))
            wishes = Wishes(version=header.version or "2.5.1")
            try:
                segments = assembled(trigger, wishes, reader, control_id="1", time=_TIME)
            except (Unsendable, AttributeError):
                # Nobody to send it about, or what isn't FHIR, as a list where one thing must be.
                continue
            return parse(composed(segments, wishes))
    return None


def scores(folder: Path) -> dict[str, Score]:
    """By family."""
    found: dict[str, Score] = defaultdict(Score)
    for bundle, expected in pairs(folder):
        score = found[expected.header.type]
        message = sent(bundle, expected)
        if message is None:
            score.fragments += 1
            continue
        score.compare(leaves(expected), leaves(message))
    return dict(found)


def main() -> None:
    """Print the recall of each family, and where most is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED / "pairs")
    parser.add_argument("--lost", type=int, default=0, help="list so many places of missing values")
    given = parser.parse_args()
    for family, score in sorted(scores(given.folder).items()):
        print(
            f"{family}: {score.recall:.1%} of {score.values} values in {score.messages} messages, "
            f"{score.fragments} not sendable"
        )
        for place, count in score.lost.most_common(given.lost):
            print(f"  {count:6} {place[0]}-{place[1]}.{place[2]}  {score.examples[place][:60]!r}")


if __name__ == "__main__":
    main()
