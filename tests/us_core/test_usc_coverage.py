"""Which rules of the US Core checklist are tested, and where those are that come with sign-in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

RULES: Final = {
    1: "the CapabilityStatement: version, formats, instantiates, supported profiles",
    2: "first searches, by GET and POST, and both forms of a patient",
    3: "tokens with their system, escaped commas, texts by their beginning",
    4: "paging",
    5: "dates with gt, ge, lt and le",
    6: "several values with a comma",
    7: "no status is demanded",
    8: "included Medications",
    9: "Provenance by _revinclude",
    10: "reading, versions and history of what is referred to",
    11: "validity by the profiles; every element is kept; every must-support element is there",
    12: "missing data",
    13: "clinical notes and $docref",
    14: "screening and assessments",
    15: "addresses of practitioners, and PractitionerRole",
}

LATER: Final = {
    "DISC-1 to DISC-8, SA-1 to SA-10, EHR-1 to EHR-7, NEG-1 to NEG-9": (
        "the launches of SMART: they begin with signing in, which is the next step"
    ),
    "SCP-1 to SCP-7, REF-1 to REF-3, REV-1, INT-1, INT-2, OIDC-1 to OIDC-6": (
        "scopes that a user narrows, refreshing and OpenID Connect: with the authorization server"
    ),
    "CLI-1 to CLI-3, BS-1 to BS-5": "kinds of clients: with the authorization server",
    "BULK-1 to BULK-11": "bulk export",
    "SUB-1 to SUB-10": "subscriptions",
    "TLS-1, ATT-1": "what the operator puts in front, and attests",
}
"""Rules of the same checklist that aren't about US Core's resources and searches."""

_NAME: Final = re.compile(r"^def test_usc_(\d+)_\w+", re.MULTILINE)


def covered() -> dict[int, list[str]]:
    """The tests of each rule, by its number."""
    found: dict[int, list[str]] = {}
    for match in _NAME.finditer(Path(__file__).with_name("test_usc.py").read_text()):
        found.setdefault(int(match[1]), []).append(match[0].removeprefix("def "))
    return found


def test_every_rule_has_a_test_named_by_it() -> None:
    assert sorted(covered()) == sorted(RULES)


def test_what_comes_later_has_a_reason() -> None:
    assert all(len(reason) > 10 for reason in LATER.values())


if __name__ == "__main__":
    for number, about in RULES.items():
        print(f"USC-{number}: {about}\n    " + "\n    ".join(covered().get(number, ["none"])))
    for rules, reason in LATER.items():
        print(f"{rules}: {reason}")
