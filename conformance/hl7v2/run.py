"""python -m conformance.hl7v2.run [FOLDER] [--show N]: the published pairs, compared by facts.

FOLDER (`../shared/data/hl7v2/pairs`) has families of pairs (`name.hl7`, `name.fhir.json`). For each family: how many of the facts
of the published Bundle ours has (recall), how many of ours the published has (precision), without
the differences that `explained.json` gives a reason for, and which they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.hl7v2.explaining import explanations, said
from conformance.hl7v2.facts import Fact, facts
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.mapping.conversion import Unsupported
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.partners.sender import Sender

PAIRS: Final = Path(__file__).parents[3] / "shared/data/hl7v2/pairs"
FAMILIES: Final = (
    "microsoft_hl7_to_fhir",
    "reportstream_mappinginventory",
    "reportstream_hl7_to_fhir",
)


@dataclass
class Score:
    """The facts of one family, and where they differ."""

    shared: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    failed: list[str] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)
    exceeded: list[str] = field(default_factory=list)

    def agreement(self, sign: str) -> float:
        """How many of the facts agree before anything is explained."""
        explained = sum(n for k, n in self.explained.items() if k.startswith(sign))
        counter = self.missing if sign == "-" else self.extra
        return self.shared / max(1, self.shared + counter.total() + explained)

    @property
    def recall(self) -> float:
        return self.shared / max(1, self.shared + self.missing.total())

    @property
    def precision(self) -> float:
        return self.shared / max(1, self.shared + self.extra.total())


def pairs(folder: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """The pairs of a family."""
    for file in sorted(folder.glob("*.hl7")):
        expected = file.with_suffix(".fhir.json")
        if expected.exists():
            yield file.stem, file.read_bytes(), json.loads(expected.read_bytes())


def judged(folder: Path, said_by_us: Callable[[Any], set[Fact]] = facts) -> Score:
    """One family compared; a test of the judge may take facts of ours away."""
    known = explanations(folder.name)
    score = Score()
    sender = Sender(id="published", name="published", time_zone=None)
    for name, raw, expected in pairs(folder):
        try:
            message = parse(raw)
            conversion = convert(message, sender, message_id=name)
        except (Malformed, Unsupported) as error:
            score.failed.append(f"{name}: {error}")
            continue
        score.pairs += 1
        theirs, ours, words = facts(expected), said_by_us(conversion.bundle), said(message)
        score.shared += len(theirs & ours)
        for counter, differing, other, sign in (
            (score.missing, theirs - ours, ours, "-"),
            (score.extra, ours - theirs, theirs, "+"),
        ):
            for fact in differing:
                place = f"{fact[0]}.{fact[1]}"
                if known.explain(sign, fact, other, words):
                    score.explained[f"{sign}{place}"] += 1
                else:
                    counter[place] += 1
                    score.examples.setdefault(f"{sign}{place}", f"{fact[2][:60]} ({name})")
    score.exceeded = known.exceeded
    return score


def main(arguments: list[str]) -> int:
    """Print every family's figures; 1 when one is under 97 %."""
    parser = argparse.ArgumentParser(prog="conformance.hl7v2.run")
    parser.add_argument("folder", type=Path, nargs="?", default=PAIRS)
    parser.add_argument("--show", type=int, default=0, help="how many differing paths to list")
    given = parser.parse_args(arguments)
    worst = 1.0
    for family in FAMILIES:
        if not (given.folder / family).is_dir():
            continue
        score = judged(given.folder / family)
        worst = min(worst, score.recall, score.precision)
        print(
            f"{family}: {score.pairs} pairs, recall {score.recall:.1%}, precision {score.precision:.1%}"
            f" (before explanations {score.agreement('-'):.1%} and {score.agreement('+'):.1%}),"
            f" {score.explained.total()} differences explained, {len(score.failed)} not converted"
        )
        for key in score.exceeded:
            print(f"  ! {key} differs more often than explained.json says")
        for sign, counter in (("-", score.missing), ("+", score.extra)):
            for place, count in counter.most_common(given.show):
                print(f"  {sign} {count:4} {place}  e.g. {score.examples[sign + place]}")
    return 0 if worst >= 0.97 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
