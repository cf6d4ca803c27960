"""Asks two databases, one without what the caller may not see, the same questions.

    .venv/bin/python -m conformance.access.run                               # 20 callers, 255 each
    .venv/bin/python -m conformance.access.run --callers 100 --questions 500 --seed 7

tests/security/noninterference/README.md says how. Ends with status 1 when an answer differs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from conformance.server import empty_database
from tests.security.noninterference.callers import ROLES, at_random
from tests.security.noninterference.suite import compare, twins


def main() -> int:
    """Run it; 0 when no answer differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--callers", type=int, default=20, help="how many, the roles among them")
    parser.add_argument("--questions", type=int, default=255, help="for each caller")
    parser.add_argument("--seed", type=int, default=1, help="of the clinic and the questions")
    asked = parser.parse_args()
    count = max(0, asked.callers - len(ROLES))
    callers = [*ROLES, *(at_random(asked.seed * 1_000 + n) for n in range(count))]
    writing = asked.questions * 3 // 10
    ways: Counter[str] = Counter()
    problems: list[str] = []
    with empty_database() as url, twins(url, asked.seed) as pair:
        for caller in callers[: asked.callers]:
            report = compare(
                pair, caller, asked.seed, reading=asked.questions - writing, writing=writing
            )
            ways += report.ways
            problems += [f"{caller.name}: {p}" for p in report.problems]
            print(f"{caller.name}: {report.pairs} questions, {len(report.problems)} differ")
    for problem in problems:
        print(problem)
    print(f"{ways.total()} questions of {len(ways)} kinds, {len(problems)} differ")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
