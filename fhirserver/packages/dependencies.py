"""Which packages come first, and which are missing.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.packages.contents import Package

Installed = Mapping[str, Sequence[str]]
"""The versions of each package that is there."""

BUILT_IN: Final[Installed] = {"hl7.fhir.r4.core": ("4.0.1",), "hl7.fhir.core": ("4.0.1",)}
"""What comes with the server."""

_ANY: Final = frozenset({"latest", "current", "dev", "*", "x", ""})


@dataclass(frozen=True, slots=True)
class Missing:
    """A package that another one needs; `present` are its other versions that are there."""

    name: str
    version: str
    needed_by: str
    present: tuple[str, ...] = ()

    def __str__(self) -> str:
        other = f" (there is {', '.join(self.present)})" if self.present else ""
        return f"{self.name}#{self.version}, needed by {self.needed_by}{other}"


def accepts(wanted: str, version: str) -> bool:
    """Whether a version is one that a dependency asks for.

    >>> accepts("4.0.x", "4.0.1"), accepts("6.1.0", "6.1.0"), accepts("6.1.0", "6.1.0-ballot")
    (True, True, False)
    >>> accepts("^2.1.0", "2.3.0"), accepts("^2.1.0", "3.0.0"), accepts("latest", "1.0.0")
    (True, False, True)
    """
    wanted = wanted.strip()
    if wanted in _ANY:
        return True
    if wanted[:1] in {"^", "~"}:
        kept = 1 if wanted[0] == "^" else 2
        return version.split(".")[:kept] == wanted[1:].split(".")[:kept] and _numbers(
            version
        ) >= _numbers(wanted[1:])
    parts, given = wanted.split("."), version.split(".")
    if any(p in {"x", "X", "*"} for p in parts):
        kept = next(n for n, p in enumerate(parts) if p in {"x", "X", "*"})
        return given[:kept] == parts[:kept]
    return wanted == version


def _numbers(version: str) -> list[int]:
    return [int(p) if p.isdigit() else 0 for p in version.partition("-")[0].split(".")]


def ordered(packages: Sequence[Package]) -> list[Package]:
    """The packages so that each comes after those among them that it needs.

    Raises Invalid when two are the same, or when some need one another in a circle.
    """
    labels = [p.label for p in packages]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise Invalid(f"{twice} is given twice")
    done: list[Package] = []
    state: dict[str, str] = {}
    for first in packages:
        stack: list[tuple[Package, list[Package]]] = [(first, _needed(first, packages))]
        state.setdefault(first.label, "open")
        while stack:
            current, left = stack[-1]
            if state[current.label] == "done":
                stack.pop()
            elif not left:
                state[current.label] = "done"
                done.append(current)
                stack.pop()
            else:
                following = left.pop()
                if state.get(following.label) == "open":
                    circle = [p.label for p, _ in stack]
                    circle = [*circle[circle.index(following.label) :], following.label]
                    raise Invalid(f"packages need one another in a circle: {' > '.join(circle)}")
                if following.label not in state:
                    state[following.label] = "open"
                    stack.append((following, _needed(following, packages)))
    return done


def _needed(package: Package, packages: Iterable[Package]) -> list[Package]:
    return [
        p
        for p in packages
        if p.name in package.dependencies and accepts(package.dependencies[p.name], p.version)
    ]


def missing(packages: Sequence[Package], installed: Installed) -> list[Missing]:
    """What the packages need that is neither among them nor there already."""
    there: dict[str, set[str]] = {}
    for name, versions in [
        *installed.items(),
        *BUILT_IN.items(),
        *((p.name, (p.version,)) for p in packages),
    ]:
        there.setdefault(name, set()).update(versions)
    return [
        Missing(name, wanted, package.label, tuple(sorted(there.get(name, ()))))
        for package in packages
        for name, wanted in package.dependencies.items()
        if not any(accepts(wanted, version) for version in there.get(name, ()))
    ]
