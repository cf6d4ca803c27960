"""Does an answer agree with what the suite expects? The rules of HL7's own comparison.

The order of arrays and properties doesn't matter. Values between dollars are patterns; objects with
`$optional$` may be missing, properties in `$optional-properties$` as well; of arrays named in
`$count-arrays$` only the length counts. Apostrophes are passed over, as the expectations
themselves write the same message with and without them.
"""

from __future__ import annotations

import re
from typing import Any, Final

_CONTROL: Final = frozenset({"$optional$", "$optional", "$optional-properties$", "$count-arrays$"})
# Of issues, `location` says what `expression` says; expectations have it or not as it happens.
_IGNORED: Final = frozenset({"diagnostics", "id", "fhir_comments", "location"})
_MESSAGE_ID: Final = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"
_WORDS: Final[dict[str, str]] = {
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "date": r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?",
    "uuid": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "url": r"[a-z][a-z0-9+.-]*:\S+",
    "token": r"[0-9A-Za-z_.+-]+",
    "string": r"(?s).+",
    "version": r"\S+",
    "semver": r"\d+\.\d+\.\d+.*",
}


class Matcher:
    """Compares with the conditions of this server: R4, and not the server that made the suite."""

    def __init__(self, *, subset: bool = False) -> None:
        self._subset = subset

    def difference(self, expected: Any, actual: Any, path: str = "") -> str | None:
        """The first difference, None when the two agree."""
        if isinstance(expected, dict):
            if not isinstance(actual, dict):
                return f"{path}: expected an object, got {actual!r}"
            return self._objects(expected, actual, path)
        if isinstance(expected, list):
            if not isinstance(actual, list):
                return f"{path}: expected an array, got {actual!r}"
            return self._arrays(expected, actual, path)
        if isinstance(expected, str) and isinstance(actual, str):
            return None if _is_match(expected, actual) else _differs(path, expected, actual)
        if type(expected) is bool or type(actual) is bool:
            return None if expected is actual else _differs(path, expected, actual)
        return None if expected == actual else _differs(path, expected, actual)

    def _objects(self, expected: Any, actual: Any, path: str) -> str | None:
        optional = set(expected.get("$optional-properties$", ()))
        counted = set(expected.get("$count-arrays$", ()))
        for name, value in expected.items():
            place = f"{path}.{name}"
            if name in _CONTROL or name in _IGNORED:
                continue
            if name not in actual:
                if name in optional or self._may_be_missing(value):
                    continue
                return f"{place}: is missing"
            if name in counted:
                if len(value) != len(actual[name]):
                    return _differs(place, f"{len(value)} items", f"{len(actual[name])} items")
                continue
            found = self.difference(value, actual[name], place)
            if found is not None:
                return found
        if self._subset:
            return None
        known = {*expected, *_IGNORED, *optional}
        more = [k for k, v in actual.items() if k not in known and not _is_message_id(v)]
        return f"{path}.{more[0]}: is not expected: {actual[more[0]]!r}"[:300] if more else None

    def _may_be_missing(self, expected: Any) -> bool:
        if isinstance(expected, list):
            return bool(expected) and all(map(self.is_optional, expected))
        return self.is_optional(expected)

    def _arrays(self, expected: list[Any], actual: list[Any], path: str) -> str | None:
        taken: dict[int, int] = {}
        order = sorted(range(len(expected)), key=lambda i: self.is_optional(expected[i]))
        for i in order:
            if not self._place(i, expected, actual, taken, set()) and not self.is_optional(
                expected[i]
            ):
                return self._nearest(expected[i], actual, taken, f"{path}[{i}]")
        if len(taken) < len(actual) and not self._subset:
            more = next(a for j, a in enumerate(actual) if j not in taken)
            return f"{path}: is not expected: {more!r}"[:400]
        return None

    def _place(
        self, i: int, expected: list[Any], actual: list[Any], taken: dict[int, int], seen: set[int]
    ) -> bool:
        """Find an item for an expectation, moving others where needed."""
        for j, item in enumerate(actual):
            if j in seen or self.difference(expected[i], item) is not None:
                continue
            seen.add(j)
            if j not in taken or self._place(taken[j], expected, actual, taken, seen):
                taken[j] = i
                return True
        return False

    def _nearest(self, wanted: Any, actual: list[Any], taken: dict[int, int], path: str) -> str:
        name = wanted.get("name") or wanted.get("code") if isinstance(wanted, dict) else wanted
        for j, item in enumerate(actual):
            if j not in taken and isinstance(item, dict) and isinstance(wanted, dict):
                same = [k for k in ("name", "code") if k in wanted]
                if same and all(item.get(k) == wanted[k] for k in same):
                    return f"{path} {self.difference(wanted, item, str(name))}"
        return f"{path}: nothing matches {wanted!r}"[:400]

    def is_optional(self, expected: Any) -> bool:
        """Whether an object may be missing, with its condition for this server."""
        if not isinstance(expected, dict) or "$optional$" not in expected:
            return False
        condition = expected["$optional$"]
        if isinstance(condition, bool):
            return condition
        if condition.startswith("version:"):
            return condition == "version:4"
        return condition.startswith(("!", "warning:"))


def _is_match(expected: str, actual: str) -> bool:
    if not (expected.startswith("$") and expected.endswith("$")):
        if "|$version$" in expected:
            return re.fullmatch(re.escape(expected[:-9]) + r"\S+", actual) is not None
        return _plain(expected) == _plain(actual)
    kind, _, rest = expected[1:-1].partition(":")
    match kind:
        case "":
            return True
        case "choice":
            return actual in rest.split("|")
        case "fragments":
            return all(f.lower() in actual.lower() for f in rest.split("|"))
        case "external":
            # The number of a text of another server, and what ours must have in it.
            fragment = rest.partition(":")[2]
            return bool(actual) and fragment.lower() in actual.lower()
        case _ if kind in _WORDS:
            return re.fullmatch(_WORDS[kind], actual) is not None
        case _:
            return False


def _plain(text: str) -> str:
    return text.replace("'", "")


def _is_message_id(value: Any) -> bool:
    """HL7's names of messages, which expectations that lack them don't forbid."""
    return isinstance(value, list) and all(
        isinstance(v, dict) and v.get("url") == _MESSAGE_ID for v in value
    )


def _differs(path: str, expected: object, actual: object) -> str:
    return f"{path}: expected {expected!r}, got {actual!r}"[:700]
