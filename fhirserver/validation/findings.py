"""What a rule finds: nothing, or findings whose paths grow as they travel up to the resource.

A rule is a function of one value. On the common way, where all is well, nobody builds a path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias


class Finding(NamedTuple):
    """A broken rule; `path` starts at the value that the rule was given, such as `.name[0].family`.

    `code` is of https://hl7.org/fhir/R4/valueset-issue-type.html; `text` has no patient data.
    """

    path: str
    code: str
    text: str


# None says that the value is valid. The findings may be shared: never change them.
Findings: TypeAlias = tuple[Finding, ...] | None
Check: TypeAlias = Callable[[Any], Findings]


def at(step: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings, seen from one step further up: `.name` or `[2]`."""
    return [Finding(step + f.path, f.code, f.text) for f in findings]


def one(code: str, text: str, path: str = "") -> tuple[Finding, ...]:
    """A single finding."""
    return (Finding(path, code, text),)
