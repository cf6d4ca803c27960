"""A search as the R4 specification describes it, over a list of resources: slow, plain, and ours
to compare the server with. It shares no code with the server.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """A search parameter: its type, the datatype and place of its values, its reference targets."""

    kind: str
    datatype: str
    find: Callable[[Resource], list[Any]]
    targets: tuple[str, ...] = ()
    parts: tuple[Callable[[Any], list[tuple[str, str, Any]]], ...] = ()


def at(*paths: str) -> Callable[[Resource], list[Any]]:
    """The values at the end of dotted paths."""

    def find(resource: Resource) -> list[Any]:
        found: list[Any] = []
        for path in paths:
            items: list[Any] = [resource]
            for name in path.split("."):
                items = [
                    one
                    for item in items
                    if name in item
                    for one in (item[name] if isinstance(item[name], list) else [item[name]])
                ]
            found += items
        return found

    return find


def only(path: str, kind: str) -> Callable[[Resource], list[Any]]:
    """References at a path to resources of a type."""
    return lambda resource: [
        v for v in at(path)(resource) if f"/{kind}/" in f"/{v.get('reference', '')}"
    ]


def where(path: str, name: str, value: str) -> Callable[[Resource], list[Any]]:
    return lambda resource: [v for v in at(path)(resource) if v.get(name) == value]


def code(*paths: str) -> Parameter:
    return Parameter("token", "code", at(*paths))


def concept(*paths: str) -> Parameter:
    return Parameter("token", "CodeableConcept", at(*paths))


def text(*paths: str) -> Parameter:
    return Parameter("string", "string", at(*paths))


def date(*paths: str) -> Parameter:
    return Parameter("date", "date", at(*paths))


def quantity(*paths: str) -> Parameter:
    return Parameter("quantity", "Quantity", at(*paths))


def refer(path: str, *targets: str) -> Parameter:
    return Parameter("reference", "Reference", at(path), targets)


def patient(path: str) -> Parameter:
    return Parameter("reference", "Reference", only(path, "Patient"), ("Patient",))


IDENTIFIER = Parameter("token", "Identifier", at("identifier"))
ACTIVE = Parameter("token", "boolean", at("active"))
EVERY = {
    "_id": Parameter("token", "id", at("id")),
    "_lastUpdated": Parameter("date", "date", at("meta.lastUpdated")),
    "_tag": Parameter("token", "Coding", at("meta.tag")),
    "_security": Parameter("token", "Coding", at("meta.security")),
    "_profile": Parameter("uri", "uri", at("meta.profile")),
    "_source": Parameter("uri", "uri", at("meta.source")),
}


def _with(path: str, part: str) -> Callable[[Any], list[tuple[str, str, Any]]]:
    kind, datatype = {
        "code": ("token", "CodeableConcept"),
        "valueCodeableConcept": ("token", "CodeableConcept"),
        "valueQuantity": ("quantity", "Quantity"),
        "effectiveDateTime": ("date", "date"),
    }[part]
    return lambda value: [(kind, datatype, v) for v in at(part)(value)]


def composite(path: str, *parts: str) -> Parameter:
    find = at(path) if path else lambda resource: [resource]
    return Parameter("composite", "", find, parts=tuple(_with(path, p) for p in parts))


PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Patient": {
        "name": Parameter("string", "HumanName", at("name")),
        "family": text("name.family"),
        "given": text("name.given"),
        "gender": code("gender"),
        "active": ACTIVE,
        "birthdate": date("birthDate"),
        "death-date": date("deceasedDateTime"),
        "identifier": IDENTIFIER,
        "telecom": Parameter("token", "ContactPoint", at("telecom")),
        "email": Parameter("token", "ContactPoint", where("telecom", "system", "email")),
        "address": Parameter("string", "Address", at("address")),
        "address-city": text("address.city"),
        "language": concept("communication.language"),
        "organization": refer("managingOrganization", "Organization"),
        "general-practitioner": refer(
            "generalPractitioner", "Practitioner", "Organization", "PractitionerRole"
        ),
        "link": refer("link.other", "Patient", "RelatedPerson"),
    },
    "Observation": {
        "status": code("status"),
        "code": concept("code"),
        "category": concept("category"),
        "date": date("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
        "subject": refer("subject", "Group", "Device", "Patient", "Location"),
        "patient": patient("subject"),
        "encounter": refer("encounter", "Encounter"),
        "performer": refer(
            "performer", "Practitioner", "Organization", "CareTeam", "Patient", "PractitionerRole",
            "RelatedPerson",
        ),
        "value-quantity": quantity("valueQuantity"),
        "value-concept": concept("valueCodeableConcept"),
        "value-string": text("valueString", "valueCodeableConcept.text"),
        "component-code": concept("component.code"),
        "component-value-quantity": quantity("component.valueQuantity"),
        "combo-code": concept("code", "component.code"),
        "combo-value-quantity": quantity("valueQuantity", "component.valueQuantity"),
        "identifier": IDENTIFIER,
        "has-member": refer("hasMember", "Observation", "MolecularSequence",
                            "QuestionnaireResponse"),
        "code-value-quantity": composite("", "code", "valueQuantity"),
        "code-value-concept": composite("", "code", "valueCodeableConcept"),
        "code-value-date": Parameter("composite", "", lambda r: [], parts=()),
        "component-code-value-quantity": composite("component", "code", "valueQuantity"),
    },
    "Encounter": {
        "status": code("status"),
        "class": Parameter("token", "Coding", at("class")),
        "type": concept("type"),
        "date": date("period"),
        "subject": refer("subject", "Group", "Patient"),
        "patient": patient("subject"),
        "service-provider": refer("serviceProvider", "Organization"),
        "participant": refer("participant.individual", "Practitioner", "PractitionerRole",
                             "RelatedPerson"),
        "location": refer("location.location", "Location"),
        "part-of": refer("partOf", "Encounter"),
        "length": quantity("length"),
        "identifier": IDENTIFIER,
    },
    "Condition": {
        "code": concept("code"),
        "clinical-status": concept("clinicalStatus"),
        "severity": concept("severity"),
        "subject": refer("subject", "Group", "Patient"),
        "patient": patient("subject"),
        "encounter": refer("encounter", "Encounter"),
        "onset-date": date("onsetDateTime", "onsetPeriod"),
        "onset-age": quantity("onsetAge"),
        "recorded-date": date("recordedDate"),
        "asserter": refer("asserter", "Practitioner", "Patient", "PractitionerRole",
                          "RelatedPerson"),
    },
    "Organization": {
        "name": text("name", "alias"),
        "active": ACTIVE,
        "type": concept("type"),
        "partof": refer("partOf", "Organization"),
        "identifier": IDENTIFIER,
        "address-city": text("address.city"),
    },
    "Practitioner": {
        "name": Parameter("string", "HumanName", at("name")),
        "family": text("name.family"),
        "active": ACTIVE,
        "gender": code("gender"),
        "identifier": IDENTIFIER,
    },
    "List": {
        "status": code("status"),
        "title": text("title"),
        "code": concept("code"),
        "date": date("date"),
        "subject": refer("subject", "Group", "Device", "Patient", "Location"),
        "patient": patient("subject"),
        "item": refer("entry.item", "Patient", "Observation", "Condition", "Encounter",
                      "Practitioner", "Organization", "Location", "Group", "List"),
    },
    "Location": {
        "name": text("name", "alias"),
        "status": code("status"),
        "organization": refer("managingOrganization", "Organization"),
        "partof": refer("partOf", "Location"),
        "near": Parameter("special", "position", at("position")),
    },
    "Group": {
        "type": code("type"),
        "actual": Parameter("token", "boolean", at("actual")),
        "member": refer("member.entity", "Patient", "Practitioner", "PractitionerRole", "Device",
                        "Medication", "Substance", "Group"),
        "managing-entity": refer("managingEntity", "Organization", "RelatedPerson", "Practitioner",
                                 "PractitionerRole"),
        "identifier": IDENTIFIER,
    },
}  # fmt: skip
MEMBERS = {
    "Observation": ("subject", "performer"),
    "Encounter": ("patient",),
    "Condition": ("patient", "asserter"),
    "Group": ("member",),
    "List": ("subject",),
    "Patient": ("link",),
}
"""The parameters of the patient compartment, of the types here (List's source is not filled)."""


class World:
    """Resources to search in; `now` is when the server was asked."""

    parameters: Mapping[str, Mapping[str, Parameter]] = PARAMETERS
    members: Mapping[str, Sequence[str]] = MEMBERS

    def __init__(self, resources: Iterable[Resource], now: datetime) -> None:
        self.by_type: dict[str, list[Resource]] = {}
        self.by_address: dict[str, Resource] = {}
        self.now = now
        for r in resources:
            self.by_type.setdefault(r["resourceType"], []).append(r)
            self.by_address[f"{r['resourceType']}/{r['id']}"] = r

    def search(self, kind: str, pairs: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of the resources of a type that all parameters find."""
        return {
            r["id"]
            for r in self.by_type.get(kind, ())
            if all(self.holds(r, key, value) for key, value in pairs)
        }

    def in_compartment(self, patient_id: str, kind: str) -> set[str]:
        address = f"Patient/{patient_id}"
        return {
            r["id"]
            for r in self.by_type.get(kind, ())
            if any(
                v.get("reference") == address
                for c in self.members[kind]
                for v in self.parameters[kind][c].find(r)
            )
            or (kind == "Patient" and r["id"] == patient_id)
        }

    def holds(self, r: Resource, key: str, value: str) -> bool:
        """Whether one parameter of a search finds a resource."""
        if key.startswith("_has:"):
            return self._has(r, key, value)
        head, dot, rest = key.partition(".")
        if dot:
            return self._chain(r, head, rest, value)
        name, _, modifier = key.partition(":")
        if name == "_list":
            return any(self._listed(r, one) for one in split(value, ","))
        if name == "_filter":
            return _Filter(self, value).holds(r)
        parameter = (EVERY | {**self.parameters[r["resourceType"]]})[name]
        values = parameter.find(r)
        if modifier == "missing":
            filled = bool(_composed(parameter, values)) if parameter.parts else bool(values)
            return filled is (value == "false")
        if modifier == "not":
            return not self.holds(r, name, value)
        return any(
            matches(parameter, v, modifier, one, self.now)
            for one in split(value, ",")
            for v in values
        )

    def _chain(self, r: Resource, head: str, rest: str, value: str) -> bool:
        name, _, kind = head.partition(":")
        parameter = self.parameters[r["resourceType"]][name]
        first = re.split(r"[.:]", rest)[0]
        for v in parameter.find(r):
            target = self.by_address.get(v.get("reference", ""))
            if target is None or (kind and target["resourceType"] != kind):
                continue
            # A chain without a type goes through the types that have the parameter.
            known = EVERY | {**self.parameters[target["resourceType"]]}
            if target["resourceType"] not in parameter.targets:
                continue
            if first not in known and first not in ("_has", "_list", "_filter"):
                continue
            if self.holds(target, rest, value):
                return True
        return False

    def _has(self, r: Resource, key: str, value: str) -> bool:
        _, source, name, rest = key.split(":", 3)
        address = f"{r['resourceType']}/{r['id']}"
        return any(
            any(v.get("reference") == address for v in self.parameters[source][name].find(other))
            and self.holds(other, rest, value)
            for other in self.by_type.get(source, ())
        )

    def _listed(self, r: Resource, list_id: str) -> bool:
        entries = at("entry.item.reference")(self.by_address.get(f"List/{list_id}", {}))
        return f"{r['resourceType']}/{r['id']}" in entries


def split(value: str, separator: str) -> list[str]:
    r"""The parts between separators that no backslash stands before."""
    return re.split(rf"(?<!\\){re.escape(separator)}", value)


def plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def matches(p: Parameter, v: Any, modifier: str, asked: str, now: datetime) -> bool:
    match p.kind:
        case "token":
            return _token(p, v, modifier, asked)
        case "string":
            return any(_string(t, modifier, plain(asked)) for t in _texts(p.datatype, v))
        case "date":
            return _date(v, asked, now)
        case "quantity" | "number":
            return _quantity(v, asked)
        case "reference":
            return _reference(p, v, modifier, asked)
        case "uri":
            return _uri(v, modifier, plain(asked))
        case "special":
            return _near(v, asked)
        case _:
            return _composite(p, v, asked, now)


def _composed(p: Parameter, values: list[Any]) -> list[Any]:
    return [v for v in values if all(part(v) for part in p.parts)] if p.parts else []


def _composite(p: Parameter, v: Any, asked: str, now: datetime) -> bool:
    wanted = split(asked, "$")
    return bool(p.parts) and all(
        any(
            matches(Parameter(kind, datatype, at("")), one, "", text_, now)
            for kind, datatype, one in part(v)
        )
        for part, text_ in zip(p.parts, wanted, strict=True)
    )


def _token(p: Parameter, v: Any, modifier: str, asked: str) -> bool:
    if modifier == "text":
        shown = []
        if p.datatype == "CodeableConcept":
            shown = [v.get("text"), *(c.get("display") for c in v.get("coding", ()))]
        elif p.datatype == "Coding":
            shown = [v.get("display")]
        elif p.datatype == "Identifier":
            shown = [v.get("type", {}).get("text")]
        return any(folded(t).startswith(folded(plain(asked))) for t in shown if t)
    if modifier == "of-type":
        system, code_, value = (plain(x) for x in split(asked, "|"))
        return v.get("value") == value and any(
            (c.get("system"), c.get("code")) == (system, code_)
            for c in v.get("type", {}).get("coding", ())
        )
    parts = [plain(x) for x in split(asked, "|")]
    codings: list[tuple[str | None, str | None]]
    match p.datatype:
        case "CodeableConcept":
            codings = [(c.get("system"), c.get("code")) for c in v.get("coding", ())]
        case "Coding":
            codings = [(v.get("system"), v.get("code"))]
        case "Identifier":
            codings = [(v.get("system"), v.get("value"))]
        case "boolean":
            codings = [(None, "true" if v else "false")]
        case "ContactPoint":
            codings = [(v.get("system"), v.get("value"))]
        case _:
            codings = [(None, v)]
    if len(parts) == 1:
        return any(c == parts[0] for _, c in codings)
    system, code_ = parts
    if not code_:
        return any(s == system for s, _ in codings)
    return any((s or "") == system and c == code_ for s, c in codings)


def folded(value: str) -> str:
    decomposed = unicodedata.normalize("NFD", value)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def _texts(datatype: str, v: Any) -> list[str]:
    names = {
        "HumanName": ("family", "given", "prefix", "suffix", "text"),
        "Address": ("line", "city", "district", "state", "country", "postalCode", "text"),
    }.get(datatype)
    return [v] if names is None else at(*names)(v)


def _string(own: str, modifier: str, asked: str) -> bool:
    if modifier == "exact":
        return own == asked
    if modifier == "contains":
        return folded(asked) in folded(own)
    return folded(own).startswith(folded(asked))


_DATE = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d)(?::(\d\d))?(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?)?"
)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def span(value: str) -> tuple[datetime, datetime]:
    """The first moment of a date and the first after it."""
    match = _DATE.fullmatch(value)
    assert match, value
    year, month, day, minute, second, fraction, zone = match.groups()
    if minute is None:
        low = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        if day:
            return low, low + timedelta(days=1)
        if month:
            return low, (low + timedelta(days=31)).replace(day=1)
        return low, low.replace(year=low.year + 1)
    zone = "+00:00" if zone in (None, "Z") else zone
    low = datetime.fromisoformat(f"{year}-{month}-{day}T{minute}:{second or '00'}{zone}")
    if second is None:
        return low, low + timedelta(minutes=1)
    if fraction is None:
        return low, low + timedelta(seconds=1)
    low += timedelta(microseconds=int(fraction.ljust(6, "0")))
    return low, low + timedelta(microseconds=10 ** (6 - len(fraction)))


def prefixed(asked: str) -> tuple[str, str]:
    match = re.match(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)(.*)", asked)
    return (match[1], match[2]) if match else ("eq", asked)


def _date(v: Any, asked: str, now: datetime) -> bool:
    prefix, value = prefixed(asked)
    low, high = span(value)
    if isinstance(v, dict):
        start = span(v["start"])[0] if "start" in v else FIRST
        end = span(v["end"])[1] if "end" in v else LAST
    else:
        start, end = span(v)
    contained = low <= start and end <= high
    if prefix == "ap":
        # A tenth of the distance from now.
        slack = max(low - now, now - high, timedelta(0)) / 10
        return start < high + slack and end > low - slack
    return {
        "eq": contained,
        "ne": not contained,
        "gt": end > high,
        "lt": start < low,
        "ge": end > high or contained,
        "le": start < low or contained,
        "sa": start >= high,
        "eb": end <= low,
    }[prefix]


IN_BASE: dict[str, tuple[Fraction, str]] = {
    "kg": (Fraction(1000), "g"),
    "g": (Fraction(1), "g"),
    "mm[Hg]": (Fraction(133322), "Pa.1000"),
    "kPa": (Fraction(1_000_000), "Pa.1000"),
}
"""The units of the random records that measure the same."""


def _quantity(v: Any, asked: str) -> bool:
    text_, *unit = (plain(x) for x in split(asked, "|"))
    ratio = Fraction(1)
    if unit and unit[1]:
        system, code_ = unit
        asked_base, base = IN_BASE.get(code_), IN_BASE.get(v.get("code", ""))
        if (
            system == v.get("system") == "http://unitsofmeasure.org"
            and asked_base
            and base
            and asked_base[1] == base[1]
        ):
            ratio = base[0] / asked_base[0]
        elif system and (v.get("system"), v.get("code")) != (system, code_):
            return False
        elif not system and code_ not in (v.get("code"), v.get("unit")):
            return False
    prefix, number = prefixed(text_)
    exact = Fraction(number)
    exponent = Decimal(number).as_tuple().exponent
    assert isinstance(exponent, int)
    half = Fraction(Decimal(5).scaleb(exponent - (2 if exponent > 0 else 1)))
    low, high = exact - half, exact + half
    own = Fraction(str(v["value"])) * ratio
    start: Fraction | float = own
    end: Fraction | float = own
    open_end = False
    match v.get("comparator"):
        case "<":
            start, open_end = -math.inf, True
        case "<=":
            start = -math.inf
        case ">":
            end, open_end = math.inf, True
        case ">=":
            end = math.inf
    contained = low <= start and end < high
    if prefix == "ap":
        slack = max(abs(exact) / 10, half)
        return start <= exact + slack and end >= exact - slack
    # gt, lt, ge, le, sa and eb take the number as exact.
    reaches = end > exact
    falls = start < exact
    return {
        "eq": contained,
        "ne": not contained,
        "gt": reaches,
        "lt": falls,
        "ge": reaches or (end == exact and not (open_end and v["comparator"] == "<")),
        "le": falls or (start == exact and not (open_end and v["comparator"] == ">")),
        "sa": start > exact or (start == exact and open_end and v["comparator"] == ">"),
        "eb": end < exact or (end == exact and open_end and v["comparator"] == "<"),
    }[prefix]


BASE = "http://127.0.0.1:8000/fhir/"


def _reference(p: Parameter, v: Any, modifier: str, asked: str) -> bool:
    if modifier == "identifier":
        own = v.get("identifier", {})
        system, bar, value = plain(asked).rpartition("|")
        if not own.get("value"):
            return False
        return own["value"] == value and (not bar or own.get("system", "") == system)
    own = v.get("reference")
    if own is None:
        return False
    asked = plain(asked).removeprefix(BASE)
    if modifier:
        return own == f"{modifier}/{asked}"
    if "/" in asked or ":" in asked:
        return own == asked
    kind, _, id_ = own.partition("/")
    return id_ == asked and kind in p.targets


def _uri(v: str, modifier: str, asked: str) -> bool:
    if modifier and "://" not in v:
        return v == asked
    if modifier == "below":
        return v == asked or v.startswith(asked.rstrip("/") + "/")
    if modifier == "above":
        return v == asked or asked.startswith(v.rstrip("/") + "/")
    return v == asked


def _near(v: Any, asked: str) -> bool:
    lat, lon, far, unit = asked.split("|")
    metres = float(far) * {"km": 1000, "m": 1}[unit]
    a, b = math.radians(float(v["latitude"])), math.radians(float(lat))
    turn = math.radians(float(v["longitude"]) - float(lon))
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 6_371_008.8 * math.acos(min(1.0, cosine)) <= metres


class _Filter:
    """https://hl7.org/fhir/R4/search_filter.html: `and`, `or` from left to right, `not (...)`."""

    TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()]|[^\s()]+)')

    def __init__(self, world: World, value: str) -> None:
        self.world = world
        self.tokens = self.TOKEN.findall(value)

    def holds(self, r: Resource) -> bool:
        tokens = list(self.tokens)
        found = self._whole(tokens, r)
        assert not tokens
        return found

    def _whole(self, tokens: list[str], r: Resource) -> bool:
        found = self._term(tokens, r)
        while tokens and tokens[0] in ("and", "or"):
            is_and = tokens.pop(0) == "and"
            right = self._term(tokens, r)
            found = (found and right) if is_and else (found or right)
        return found

    def _term(self, tokens: list[str], r: Resource) -> bool:
        is_not = tokens[0] == "not"
        if is_not:
            tokens.pop(0)
        if tokens[0] == "(":
            tokens.pop(0)
            found = self._whole(tokens, r)
            assert tokens.pop(0) == ")"
            return found is not is_not
        path, operator, value = tokens.pop(0), tokens.pop(0), tokens.pop(0)
        return self._compare(r, path, operator, value.strip('"'))

    def _compare(self, r: Resource, path: str, operator: str, value: str) -> bool:
        head, dot, rest = path.partition(".")
        p = (EVERY | {**self.world.parameters[r["resourceType"]]})[head.partition(":")[0]]
        if dot:
            targets = [self.world.by_address.get(v.get("reference", "")) for v in p.find(r)]
            wanted = head.partition(":")[2]
            return any(
                self._compare(t, rest, operator, value)
                for t in targets
                if t and t["resourceType"] == wanted
            )
        values = p.find(r)
        if operator == "pr":
            return bool(values) is (value == "true")
        if p.kind == "string":
            texts = [folded(t) for v in values for t in _texts(p.datatype, v)]
            own = folded(value)
            return any(
                {
                    "eq": t == own,
                    "ne": t != own,
                    "co": own in t,
                    "sw": t.startswith(own),
                    "ew": t.endswith(own),
                    "gt": t > own,
                    "lt": t < own,
                    "ge": t >= own,
                    "le": t <= own,
                }[operator]
                for t in texts
            )
        if operator == "po":
            return any(_overlaps(v, value) for v in values)
        if operator == "ne" and p.kind == "token":
            # Ours: the index can't tell a repeated token's values apart, so none may be equal.
            return bool(values) and not any(
                matches(p, v, "", value, self.world.now) for v in values
            )
        asked = value if operator == "eq" else operator + value
        return any(matches(p, v, "", asked, self.world.now) for v in values)


def _overlaps(v: Any, value: str) -> bool:
    low, high = span(value)
    if isinstance(v, dict):
        start = span(v["start"])[0] if "start" in v else FIRST
        end = span(v["end"])[1] if "end" in v else LAST
    else:
        start, end = span(v)
    return start < high and end > low
