"""What a conversion knows besides the value in hand: time zone, authorities, codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from operator import is_
from typing import Any, Final, Protocol

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.systems import CODE_SYSTEMS, quoted

PERIOD_END: Final = "https://fhirserver.example/StructureDefinition/hl7v2-period-end"
Answers = Mapping[tuple[str, str], tuple[str, str, str]]


class Restore(Protocol):
    """What a conversion is asked to keep, so that it can be told again (see keeping.py)."""

    def note(
        self,
        data_type: str,
        fhir_type: str,
        value: Any,
        sent: tuple[tuple[str, ...], ...],
        place: str = "",
        /,
    ) -> None:
        """Note in a value, made of a v2 type for a FHIR type, what FHIR has no words for."""
        ...

    def coded(
        self,
        segment: str,
        number: int,
        resource_type: str,
        value: str,
        sent: tuple[tuple[str, ...], ...],
        /,
    ) -> list[Resource]:
        """Notes for a code, where the code that was sent is one of several that mean the same."""
        ...

    def homes(self, segment: str) -> Sequence[str]: ...

    def whole(self, segment: str) -> Sequence[str]: ...

    def fields(self, segment: str, home: str) -> Mapping[int, tuple[str, bool]]: ...


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that no table translates: the field, the vocabulary (or code system), the code.

    Where FHIR has a closed list, `allowed` are its codes with their systems.
    """

    position: str
    vocabulary: str
    code: str
    text: str = ""
    allowed: Mapping[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AnsweredCode:
    """A code that somebody has translated for the sender, and what it was taken for."""

    position: str
    vocabulary: str
    code: str
    system: str
    target: str


@dataclass(frozen=True, slots=True)
class Codes:
    """A vocabulary map: v2 code to (code, system, display), and the table's own system."""

    name: str
    codes: Mapping[str, tuple[str, str, str]]
    table: str = ""
    folded: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """The same in capitals: senders write Booked, BOOKED and booked."""

    def find(self, code: str) -> tuple[str, str, str] | None:
        """What a code stands for, however its letters are written."""
        return self.codes.get(code) or self.folded.get(code.upper())


@dataclass(frozen=True, slots=True)
class How:
    """What a rule adds to a data type map: its vocabulary, and the codes allowed, with systems."""

    codes: Codes | None = None
    allowed: Mapping[str, str] | None = None


@dataclass(slots=True)
class Context:
    """One conversion's knowledge; `position` is the field in hand, for what is reported."""

    zone: tzinfo
    authorities: Mapping[str, str]
    answers: Answers = field(default_factory=dict)
    unknown: list[UnknownCode] = field(default_factory=list)
    answered: list[AnsweredCode] = field(default_factory=list)
    position: str = ""
    restore: Restore | None = None

    def translated(
        self, how: How, code: str, text: str = "", *, is_published: bool = False
    ) -> tuple[str, str, str] | None:
        """The target of a code by the sender's answers, else by the table, else None and listed.

        A code of a published system (SNOMED CT, LOINC) needs no translation and is not listed.
        """
        answer = self.answer(how, code)
        if answer is not None:
            return answer
        found = None if how.codes is None else how.codes.find(code)
        if found is None and not is_published:
            self.ask(how, code, text)
        return found

    def answer(self, how: How, code: str) -> tuple[str, str, str] | None:
        """What somebody has said that a code of this sender means: code, system, display."""
        if not self.answers:
            return None
        vocabulary = self.vocabulary(how)
        found = self.answers.get((vocabulary, code))
        if found is None or (how.allowed is not None and found[0] not in how.allowed):
            return None
        self.answered.append(AnsweredCode(self.position, vocabulary, code, found[1], found[0]))
        return found

    def ask(self, how: How, code: str, text: str = "") -> None:
        """List a code that nobody knows."""
        found = UnknownCode(self.position, self.vocabulary(how), code, text, how.allowed)
        self.unknown.append(found)

    def vocabulary(self, how: How) -> str:
        """What a code is looked up in: the table of the rule, else the codes of the field."""
        return how.codes.name if how.codes else self.position.partition("(")[0]

    def authority(self, name: str, universal: str, kind: str) -> str:
        """The URI of an assigning authority (HD): the sender's word, the OID, the name."""
        return authority(self.authorities, name, universal, kind)

    def code_system(self, name: str) -> str:
        """The URI of a coding system by its name in table 0396, an OID or a URI."""
        known = CODE_SYSTEMS.get(name) or CODE_SYSTEMS.get(name.upper())
        if known is not None:
            return known
        if name.upper().startswith("HL7") and name[3:].isdigit():
            return f"http://terminology.hl7.org/CodeSystem/v2-{int(name[3:]):04d}"
        if name.upper().startswith("PHINVS_"):
            return f"urn:id:{quoted(name)}"
        if ":" in name:
            return quoted(name)
        if name.replace(".", "").isdigit() and name.count(".") > 1:
            return f"urn:oid:{name}"
        return f"urn:id:{quoted(name)}"


def authority(authorities: Mapping[str, str], name: str, universal: str, kind: str) -> str:
    """The URI of an assigning authority (HD), of a sender with these."""
    for key in (name, universal):
        if key and key in authorities:
            return authorities[key]
    if universal.upper() == kind.upper():
        # A sender that repeats the type where the id should be.
        universal = ""
    if universal:
        return universal_id(universal, kind)
    if name:
        return f"urn:id:{quoted(name)}"
    return authorities.get("", "")


def universal_id(value: str, kind: str) -> str:
    """A universal ID as a URI by its type (table 0301)."""
    kind, value = kind.upper(), quoted(value)
    if value.startswith(("urn:", "http:", "https:")):
        return value
    if kind == "ISO" or (not kind and _is_oid(value)):
        return f"urn:oid:{value}"
    if kind in ("UUID", "GUID"):
        return f"urn:uuid:{value.lower()}"
    if kind == "DNS" and value.replace(".", "").replace("-", "").isalnum():
        return f"urn:dns:{value}"
    if kind == "URI" and ":" in value and " " not in value:
        return value
    return f"urn:id:{quoted(value)}"


def _is_oid(value: str) -> bool:
    return value.count(".") > 1 and value.replace(".", "").isdigit()


def _ordered(period: Resource) -> None:
    """per-1: an end before its start is kept where it can be read, but as no end."""
    start, end = str(period["start"]), str(period["end"])
    if "T" in start and "T" in end:
        is_wrong = datetime.fromisoformat(start) > datetime.fromisoformat(end)
    else:
        common = min(len(start), len(end), 10)
        is_wrong = start[:common] > end[:common]
    if is_wrong:
        kept = {"url": PERIOD_END, "valueDateTime": period.pop("end")}
        period["extension"] = [*period.get("extension", ()), kept]


def pruned(value: Any) -> Any:
    """A value without its empty parts; None when nothing is left.

    An extension that has an address and no value is empty too. What has no empty parts, as most
    values have none, is given back as it is.
    """
    kind = type(value)
    if kind is dict:
        kept: Resource = value
        for key, inner in value.items():
            of = type(inner)
            small = pruned(inner) if of is dict or of is list else inner
            if small is None or small == "":
                kept = {k: v for k, v in kept.items() if k != key}
            elif small is not inner:
                kept = {**kept, key: small}
        if len(kept) == 1 and "url" in kept:
            return None
        if "start" in kept and "end" in kept and "resourceType" not in kept:
            kept = dict(kept)
            _ordered(kept)
        return kept or None
    if kind is list:
        items = [pruned(v) for v in value]
        if all(map(is_, items, value)) and None not in items and "" not in items:
            return value or None
        return [v for v in items if v is not None and v != ""] or None
    return value
