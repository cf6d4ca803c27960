"""Fields that make a row's condition true, and values of every v2 data type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hl7v2_gateway.mapping.rules import Rule
from hl7v2_gateway.mapping.views import Repetition, View

HD = "AUTH&1.2.3.4&ISO"
VALUES: Mapping[str, str] = {
    "CX": f"123^4^M11^{HD}^MR^{HD}^20240101^20250101",
    "EI": "E1^AUTH^1.2.3.4^ISO",
    "EIP": "P1&AUTH&1.2.3&ISO^F1&AUTH&1.2.3&ISO",
    "HD": "AUTH^1.2.3.4^ISO",
    "XPN": "Family&van&Own&de&Partner^Given^Second^Jr^Dr^MD^L^^^20240101&20250101^F^20240101^20250101^PhD^Nick",
    "XCN": f"77^Family^Given^Second^Jr^Dr^MD^^{HD}^L^4^M11^DN^{HD}^^^20240101&20250101^F^20240101^20250101^PhD",
    "CNN": "77^Family^Given^Second^Jr^Dr^MD^^AUTH^1.2.3^ISO",
    "XAD": "1 Street&Road&2^Flat^City^State^Zip^GBR^H^^County^Tract^^20240101&20250101^20240101^20250101^^^^^Addressee",
    "XTN": "^PRN^PH^mail@example.org^44^20^555^7^text^^^020555^20240101^20250101^^^^1",
    "XON": f"Org^L^7^4^M11^{HD}^XX^{HD}^^O7",
    "CWE": "A^Text^L^B^Other^L^1^2^Original^C^Third^L^3^1.2.3",
    "PL": f"Ward^Room^Bed^Facility^^^Building^Floor^Words^C1&AUTH&1.2.3&ISO^{HD}",
    "DLD": "A^20240101",
    "DLN": "D1^ST^20250101",
    "PLN": "L1^NP^ST^20250101",
    "DTM": "202401021530+0100",
    "DR": "202401021530+0100^202401031530+0100",
    "TM": "0930",
    "NM": "5",
    "SI": "1",
    "ST": "text",
    "FT": "text",
    "CQ": "5^mg&milligram&UCUM",
    "CP": "5&USD",
    "MO": "5^USD",
    "ED": "src^AP^PDF^Base64^SGVsbG8=",
    "RP": "http://example.org/x^app^AP^PDF",
    "SN": "<^5^-^7",
    "NR": "1^2",
    "NA": "1^2^3",
    "VR": "1^2",
    "TQ": "5&mg^Q6H^D3^202401021530+0100^202401031530+0100^S^cond^words",
    "RPT": "Q6H^^^^6^h^^PC^2^h",
    "SPS": "BLD^A^how^ARM",
    "NDL": f"77&Family&Given^202401021530+0100^202401031530+0100^W^R^B^{HD}",
    "OG": "s^1^2^i",
    "LA2": "W^R^B^F^^^Bu^Fl^Street^Other^City^State^Zip^GBR",
    "FC": "A^20240101",
    "DIN": "20240101^X",
    "PPN": "77^Family^Given" + "^" * 12 + "202401021530+0100",
    "MSG": "ADT^A01^ADT_A01",
    "SPD": "Surgery^Board",
    "PT": "P",
    "FN": "Family^van^Own^de^Partner",
    "SAD": "1 Street^Road^2",
    "RI": "Q6H^0930",
    "IS": "A",
    "ID": "A",
    "TX": "text",
    "CE": "A^Text^L^B^Other^L^1^2^Original^C^Third^L^3^1.2.3",
    "CNE": "A^Text^L^B^Other^L^1^2^Original^C^Third^L^3^1.2.3",
    "CF": "A^Text^L^B^Other^L^1^2^Original^C^Third^L^3^1.2.3",
    "TS": "202401021530+0100",
    "DT": "20240102",
}


# Values that only these data type maps understand.
SPECIAL: Mapping[str, str] = {
    "cwe[language]": "en",
    "cwe[primarysource]": "00",
    "cwe[activeboolean]": "A",
    "id[activebyevent]": "MAD",
    "cq[duration]": "5^h",
    "cq[code]": "5^h",
    "cq[unsignedint]": "5^h",
    "*[authentication-time]": VALUES["PPN"],
    "*[datetime-first]": VALUES["DIN"],
    "nm[quantity]": "5",
    "id[mediatype]": "TX",
}


def repetition(text: str) -> Repetition:
    """A repetition in the usual delimiters."""
    return Repetition(tuple(tuple(c.split("&")) for c in text.split("^")))


class Fields:
    """Fields of several segments, filled so that a condition holds."""

    def __init__(self) -> None:
        self.segments: dict[str, dict[int, list[list[str]]]] = {}

    def put(self, name: str, number: int, component: int, text: str) -> None:
        reps = self.segments.setdefault(name, {}).setdefault(number, [[""]])
        first = reps[0]
        at = max(component, 1)
        first.extend([""] * (at - len(first)))
        first[at - 1] = text

    def view(self, name: str) -> View:
        found: list[tuple[Repetition, ...]] = [()] * 80
        for number, reps in self.segments.get(name, {}).items():
            made = [repetition("^".join(parts)) for parts in reps]
            found[number] = tuple(r for r in made if r)
        return View(name, 0, found)


def satisfy(condition: list[Any], fields: Fields, segment: str, field: int, *, want: bool) -> None:
    """Set fields so that the condition is as wanted, as far as that needs anything."""
    word, *rest = condition
    if word == "not":
        satisfy(rest[0], fields, segment, field, want=not want)
    elif word in ("and", "or"):
        everything = (word == "and") == want
        for part in rest if everything else rest[:1]:
            satisfy(part, fields, segment, field, want=want)
    elif word == "count":
        name, number, _ = _place(rest[0], segment, field)
        many = (">" in rest[1]) == want
        reps = fields.segments.setdefault(name, {}).setdefault(number, [["x"]])
        while many and len(reps) <= rest[2]:
            reps.append(list(reps[0]))
    elif word == "length" and want:
        pass  # the sample of a time is long
    elif word == "in":
        name, number, component = _place(rest[0], segment, field)
        there = fields.view(name).text(number, max(component, 1)) if name in fields.segments else ""
        if want or not there or there in rest[1]:
            fields.put(name, number, component, rest[1][0] if want else "~other")
    elif word == "valued":
        name, number, component = _place(rest[0], segment, field)
        if want and number:
            if not fields.view(name).text(number, component):
                fields.put(name, number, component, "1")
        elif want:
            fields.put(name, 1, 1, "1")
        elif (name, number) == (segment, field) and component:
            fields.put(name, number, component, "")
    elif word == "same" and not want:
        name, number, component = _place(rest[0], segment, field)
        fields.put(name, number, component, "other")


def _place(ref: str, segment: str, field: int) -> tuple[str, int, int]:
    if ref.startswith("."):
        return segment, field, int(ref[1:])
    name, _, place = ref.partition("-")
    number, _, component = place.partition(".")
    return name, int(number or 0), int(component or 0)


def sample(rule: Rule, row: Mapping[str, Any]) -> str:
    """A value that the rule can make something of."""
    kind = str(row.get("as", "")).partition("[")[0].upper()
    source = row.get("type", "")
    codes, allowed = rule.how.codes, rule.how.allowed
    fitting = [
        code
        for code, target in (codes.codes if codes else {}).items()
        if allowed is None or target[0] in allowed
    ]
    target = rule.path.type
    special = SPECIAL.get(str(row.get("as", "")).lower())
    if special:
        return special
    if fitting and target in ("code", "CodeableConcept", "Coding"):
        return fitting[0]
    if allowed and target in ("code", "CodeableConcept"):
        return next(iter(allowed))
    by_target = {
        "boolean": "Y", "instant": VALUES["DTM"], "date": "20240102", "dateTime": VALUES["DTM"],
        "time": "0930", "decimal": "5", "positiveInt": "5", "integer": "5", "unsignedInt": "5",
    }  # fmt: skip
    if target in by_target and kind not in ("DR", "CQ", "DIN", "PPN", "*"):
        return by_target[target]
    for name in (kind, source, {"CodeableConcept": "CWE", "Quantity": "NM"}.get(target, "")):
        if name in VALUES:
            return VALUES[name]
    return "http://example.org/x" if target in ("uri", "url") else VALUES["ST"]
