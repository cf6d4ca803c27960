"""What must find a resource by one parameter, and what must not: from its values alone.

Written from https://hl7.org/fhir/R4/search.html, with nothing of the server's own extraction: only
FHIRPath tells which values a parameter has. Each function takes the values of one parameter in
one resource, and gives forms: a name, a modifier, a search value, and whether it finds the resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

OTHER_TYPE: Final = "id of another :Type"

Value = tuple[str, Any]
"""A datatype and the JSON of a value."""


class Form(NamedTuple):
    name: str
    modifier: str
    value: str
    finds: bool


def escape(text: str) -> str:
    return re.sub(r"([\\,$|])", r"\\\1", text)


def forms(kind: str, values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    """The forms for a search parameter type; none when no value can be searched for."""
    made = list(_FORMS[kind](values, targets))
    if made:
        yield from made
        yield Form("missing", "missing", "false", True)
        yield Form("missing", "missing", "true", False)


# Tokens ------------------------------------------------------------------------------------------


def _codings(datatype: str, value: Any) -> list[dict[str, Any]]:
    match datatype:
        case "CodeableConcept":
            return [c for c in value.get("coding", ()) if c]
        case "Coding":
            return [value]
        case "Identifier" | "ContactPoint":
            return [{"system": value.get("system"), "code": value.get("value")}]
        case _:
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            return [{"code": text, "plain": True}]


def tokens(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    codings = [(d, c) for d, v in values for c in _codings(d, v)]
    pairs = {(c.get("system"), (c.get("code") or "").lower()) for _, c in codings}
    for datatype, coding in codings:
        code, system = coding.get("code"), coding.get("system")
        if not code or not code.strip():
            continue
        yield Form("code", "", escape(code), True)
        yield Form("not", "not", escape(code), False)
        if datatype == "boolean":
            if len(values) == 1:
                yield Form("other", "", "false" if code == "true" else "true", False)
            continue
        yield Form("other", "", escape(code) + "-zz", False)
        yield Form("not other", "not", escape(code) + "-zz", True)
        if coding.get("plain") or datatype == "ContactPoint":
            continue
        if system:
            yield Form("system|code", "", f"{escape(system)}|{escape(code)}", True)
            yield Form("system|", "", f"{escape(system)}|", True)
            yield Form("not system|code", "not", f"{escape(system)}|{escape(code)}", False)
            yield Form("other system|code", "", f"{escape(system)}-zz|{escape(code)}", False)
            if (None, code.lower()) not in pairs:
                yield Form("|code other", "", f"|{escape(code)}", False)
        else:
            yield Form("|code", "", f"|{escape(code)}", True)
    yield from _token_texts(values)
    yield from _of_type(values)


def _token_texts(values: Sequence[Value]) -> Iterator[Form]:
    for datatype, value in values:
        texts: list[str] = []
        if datatype == "CodeableConcept":
            texts = [value.get("text"), *(c.get("display") for c in value.get("coding", ()) if c)]
        elif datatype == "Coding":
            texts = [value.get("display")]
        elif datatype == "Identifier":
            texts = [(value.get("type") or {}).get("text")]
        for text in filter(None, texts):
            if text.strip():
                yield Form("text", "text", escape(text[:12]), True)
                yield Form("text other", "text", escape(f"zzq{text[:9]}"), False)


def _of_type(values: Sequence[Value]) -> Iterator[Form]:
    for datatype, value in values:
        if datatype != "Identifier" or not value.get("value"):
            continue
        for coding in (value.get("type") or {}).get("coding", ()):
            if coding.get("code"):
                parts = [coding.get("system", ""), coding["code"], value["value"]]
                yield Form("of-type", "of-type", "|".join(map(escape, parts)), True)
                parts[1] += "-zz"
                yield Form("of-type other", "of-type", "|".join(map(escape, parts)), False)


# References --------------------------------------------------------------------------------------

BASE: Final = "http://127.0.0.1:8000/fhir"
_RELATIVE: Final = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(/_history/.+)?")


def references(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    for datatype, value in values:
        if datatype == "Reference":
            yield from _identifier(value)
            address = value.get("reference")
        else:
            address = value if isinstance(value, str) else None
        if not address or address.startswith("#"):
            continue
        match = _RELATIVE.fullmatch(address)
        if match is None or datatype != "Reference":
            yield from _absolute(address, is_canonical=datatype != "Reference")
            continue
        kind, id_ = match[1], match[2]
        yield Form("Type/id", "", f"{kind}/{id_}", True)
        yield Form("url", "", f"{BASE}/{kind}/{id_}", True)
        yield Form("other Type/id", "", f"{kind}/{id_[:60]}-zz", False)
        yield Form("not", "not", f"{kind}/{id_}", False)
        if kind in targets:
            yield Form("id", "", id_, True)
            yield Form(":Type", kind, id_, True)
            yield Form("other :Type", kind, f"{id_[:60]}-zz", False)
            other = next((t for t in targets if t != kind), None)
            if other and not any(v.get("reference") == f"{other}/{id_}" for _, v in values):
                yield Form(OTHER_TYPE, other, id_, False)


def _absolute(address: str, *, is_canonical: bool) -> Iterator[Form]:
    if ":" in address:
        yield Form("absolute", "", escape(address), True)
        yield Form("other absolute", "", escape(address) + "-zz", False)
        if is_canonical and "|" in address:
            yield Form("canonical", "", escape(address.partition("|")[0]), True)


def _identifier(value: Any) -> Iterator[Form]:
    identifier = value.get("identifier") or {}
    if identifier.get("value"):
        own, system = escape(identifier["value"]), identifier.get("system")
        yield Form("identifier", "identifier", own, True)
        yield Form("identifier other", "identifier", own + "-zz", False)
        if system:
            yield Form("identifier system|", "identifier", f"{escape(system)}|{own}", True)
            yield Form("identifier other|", "identifier", f"{escape(system)}-zz|{own}", False)


# Strings -----------------------------------------------------------------------------------------

_PARTS: Final = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("line", "city", "district", "state", "country", "postalCode", "text"),
}


def strings(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    texts: list[str] = []
    for datatype, value in values:
        if isinstance(value, str):
            texts.append(value)
        for part in _PARTS.get(datatype, ()):
            own = value.get(part)
            texts += own if isinstance(own, list) else [own]
    for text in filter(None, texts):
        plain = " ".join(text.split())
        if not plain:
            continue
        yield Form("prefix", "", escape(plain[:10]), True)
        yield Form("prefix, upper case", "", escape(plain[:10].upper()), True)
        yield Form("other prefix", "", escape(f"zzq{plain[:8]}"), False)
        yield Form("exact", "exact", escape(text), True)
        yield Form("other exact", "exact", escape(text.swapcase()) + "q", False)
        middle = len(plain[:900]) // 3
        yield Form("contains", "contains", escape(plain[middle : middle + 12].strip()), True)
        yield Form("other contains", "contains", escape(f"{plain[:12]}zzq"), False)


# Dates -------------------------------------------------------------------------------------------

Moments = tuple[datetime | None, datetime | None]
_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d)(?::(\d\d))?(\.\d+)?(Z|[+-]\d\d:\d\d)?)?"
)


def moments(text: str) -> tuple[datetime, datetime]:
    """The first moment of a date, and the first one after it; UTC where no zone is given."""
    match = _DATE.fullmatch(text)
    assert match, text
    year, month, day, minute, second, fraction, zone = match.groups()
    if minute is None:
        start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        if day:
            return start, start + timedelta(days=1)
        months = 1 if month else 12
        following = start.month - 1 + months
        return start, start.replace(year=start.year + following // 12, month=following % 12 + 1)
    zone = "+00:00" if zone in (None, "Z") else zone
    start = datetime.fromisoformat(f"{year}-{month}-{day}T{minute}:{second or '00'}{zone}")
    if second is None:
        return start, start + timedelta(minutes=1)
    if fraction is None:
        return start, start + timedelta(seconds=1)
    start += timedelta(microseconds=int(fraction[1:7].ljust(6, "0")))
    return start, start + timedelta(microseconds=max(1, 10 ** (7 - len(fraction))))


def _span(datatype: str, value: Any) -> Moments | None:
    if datatype == "Period":
        start, end = value.get("start"), value.get("end")
        if not (start or end):
            return None
        return (moments(start)[0] if start else None, moments(end)[1] if end else None)
    if datatype == "Timing":
        spans = [moments(e) for e in value.get("event", ()) if e]
        bounds = _span("Period", (value.get("repeat") or {}).get("boundsPeriod") or {})
        if bounds:
            return bounds if not spans else None
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    return moments(value) if datatype in ("date", "dateTime", "instant") else None


def dates(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    for datatype, value in values:
        span = _span(datatype, value)
        if span is None:
            continue
        alone = len(values) == 1
        if isinstance(value, str):
            yield Form("eq", "", value, True)
            yield Form("eq", "", f"eq{value}", True)
            yield Form("ge", "", f"ge{value}", True)
            yield Form("le", "", f"le{value}", True)
            yield Form("ap", "", f"ap{value}", True)
            yield Form("eq year", "", value[:4], True)
            if alone:
                for prefix in ("ne", "sa", "eb", "gt", "lt"):
                    yield Form(prefix, "", f"{prefix}{value}", False)
        low, high = span
        if low is not None:
            before = (low - timedelta(days=2)).date().isoformat()
            yield Form("gt", "", f"gt{before}", True)
            yield Form("sa", "", f"sa{before}", True)
            yield Form("ne", "", f"ne{before}", True)
            if alone:
                for prefix in ("", "lt", "le", "eb"):
                    yield Form(f"{prefix or 'eq'} before", "", f"{prefix}{before}", False)
        if high is not None:
            after = (high + timedelta(days=2)).date().isoformat()
            yield Form("lt", "", f"lt{after}", True)
            yield Form("eb", "", f"eb{after}", True)
            if alone:
                for prefix in ("", "gt", "ge", "sa"):
                    yield Form(f"{prefix or 'eq'} after", "", f"{prefix}{after}", False)


# Numbers and quantities --------------------------------------------------------------------------


def _written(value: Any) -> str | None:
    """A number as a search value; `+` and upper case are not in need of a test here."""
    return None if value is None else str(value)


def _number_forms(text: str, unit: str, *, alone: bool, exact: bool) -> Iterator[Form]:
    number = Decimal(text)
    above, below = f"{number + abs(number) + 1:f}", f"{number - abs(number) - 1:f}"
    if exact:
        yield Form("eq", "", f"{text}{unit}", True)
        yield Form("eq", "", f"eq{text}{unit}", True)
        yield Form("ge", "", f"ge{text}{unit}", True)
        yield Form("le", "", f"le{text}{unit}", True)
        yield Form("ap", "", f"ap{text}{unit}", True)
    yield Form("gt", "", f"gt{below}{unit}", True)
    yield Form("lt", "", f"lt{above}{unit}", True)
    if alone and exact:
        for prefix in ("ne", "gt", "lt", "sa", "eb"):
            yield Form(f"{prefix} itself", "", f"{prefix}{text}{unit}", False)
        yield Form("gt above", "", f"gt{above}{unit}", False)
        yield Form("lt below", "", f"lt{below}{unit}", False)
        yield Form("eq other", "", f"{above}{unit}", False)
        yield Form("ne other", "", f"ne{above}{unit}", True)


def numbers(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    for datatype, value in values:
        if datatype in ("decimal", "integer", "positiveInt", "unsignedInt"):
            yield from _number_forms(str(value), "", alone=len(values) == 1, exact=True)
        elif datatype == "Range":
            low, high = (_written((value.get(e) or {}).get("value")) for e in ("low", "high"))
            if low:
                yield Form("ge", "", f"ge{low}", True)
            if high:
                yield Form("le", "", f"le{high}", True)


def quantities(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    alone = len(values) == 1
    for datatype, value in values:
        if datatype == "Money" and "value" in value:
            system, code, label = "urn:iso:std:iso:4217", value.get("currency"), None
        elif isinstance(value, dict) and "value" in value:
            system, code, label = value.get("system"), value.get("code"), value.get("unit")
        else:
            continue
        text, exact = str(value["value"]), not value.get("comparator")
        units = {""} | {f"||{escape(u)}" for u in (code, label) if u}
        if system and code:
            units.add(f"|{escape(system)}|{escape(code)}")
            yield Form("other system", "", f"ge{text}|{escape(system)}-zz|{escape(code)}", False)
        if exact:
            for unit in sorted(units):
                yield from _number_forms(text, unit, alone=alone, exact=True)
            yield Form("other unit", "", f"{text}||zz", False)
        elif value["comparator"] in (">", ">="):
            yield Form("gt of more than", "", f"gt{text}", True)
        else:
            yield Form("lt of less than", "", f"lt{text}", True)


# Uris --------------------------------------------------------------------------------------------


def uris(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    for _, value in values:
        if not isinstance(value, str):
            continue
        yield Form("uri", "", escape(value), True)
        yield Form("other uri", "", escape(value) + "-zz", False)
        yield Form("not", "not", escape(value), False)
        yield Form("below itself", "below", escape(value), True)
        yield Form("other below", "below", escape(value) + "-zz", False)
        if "://" in value and value.count("/") > 2 and not value.endswith("/"):
            yield Form("below", "below", escape(value.rpartition("/")[0]), True)
            yield Form("above", "above", escape(value) + "/zz", True)
            yield Form("above itself", "above", escape(value), True)
            yield Form("other above", "above", escape(value.rpartition("/")[0]), False)


# Special -----------------------------------------------------------------------------------------


def specials(values: Sequence[Value], targets: Sequence[str]) -> Iterator[Form]:
    for _, value in values:
        latitude, longitude = Decimal(str(value["latitude"])), Decimal(str(value["longitude"]))
        yield Form("near", "", f"{latitude}|{longitude}|1|km", True)
        yield Form("near, default", "", f"{latitude}|{longitude}", True)
        beside = latitude + (Decimal("0.1") if latitude < 0 else -Decimal("0.1"))
        yield Form("near, 11 km off", "", f"{beside}|{longitude}|12|km", True)
        yield Form("not near", "", f"{beside}|{longitude}|11|km", False)


_FORMS: Final[dict[str, Callable[[Sequence[Value], Sequence[str]], Iterator[Form]]]] = {
    "token": tokens,
    "reference": references,
    "string": strings,
    "date": dates,
    "number": numbers,
    "quantity": quantities,
    "uri": uris,
    "special": specials,
}
