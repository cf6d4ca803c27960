"""Which version of a code system or value set is meant.

A version may have wildcards (`1.x.x`, `1.0.*`), as the parameters of the operations allow.
https://hl7.org/fhir/R4/valueset-operation-expand.html (`system-version` and its kin)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fhirserver.model.canonicals import age

_WILD: Final = frozenset({"x", "X", "*"})


def fits(version: str | None, wanted: str | None) -> bool:
    """Whether a version is what is wanted.

    >>> fits("1.2.0", "1.x.x"), fits("1.2.0", "1"), fits("1.2.0", None)
    (True, False, True)
    """
    if wanted is None or version == wanted:
        return True
    if version is None or _WILD.isdisjoint(wanted.split(".")):
        return False
    parts, pattern = version.split("."), wanted.split(".")
    return len(parts) == len(pattern) and all(
        w in _WILD or w == v for v, w in zip(parts, pattern, strict=True)
    )


def newest(versions: Iterable[str], wanted: str | None) -> str | None:
    """The newest of some versions that fits; None when none does."""
    return max((v for v in versions if fits(v, wanted)), key=age, default=None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a request says of versions, each by the url of a code system or value set."""

    defaults: Mapping[str, str] = field(default_factory=dict)
    """`system-version`: where the value set names none."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """`check-system-version`: anything else is an error."""
    forced: Mapping[str, str] = field(default_factory=dict)
    """`force-system-version`: whatever the value set says."""
    value_sets: Mapping[str, str] = field(default_factory=dict)
    """`default-valueset-version`: where an import names none."""

    def wanted(self, system: str, version: str | None) -> str | None:
        """The version of a system to use where a value set says `version`."""
        forced = self.forced.get(system)
        if forced is not None:
            return forced
        return version or self.defaults.get(system) or self.checks.get(system)


def listing(versions: Sequence[str]) -> str:
    """Versions as words, oldest first.

    >>> listing(["2.0", "1.0", "3.0"])
    '1.0, 2.0 or 3.0'
    """
    ordered = sorted(versions, key=age)
    if len(ordered) < 2:
        return "".join(ordered)
    return f"{', '.join(ordered[:-1])} or {ordered[-1]}"
