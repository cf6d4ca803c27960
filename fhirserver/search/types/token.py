"""Token parameters: codes, identifiers, booleans: equality, with or without a system.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split, unescape
from fhirserver.search.folding import fold, fold_code
from fhirserver.search.hashing import digest, element, number, salt
from fhirserver.search.index import IndexValues, TextEntry
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import AnyElement, Condition, Or, TokenText
from fhirserver.search.site import Site

PLAIN: Final = frozenset(
    ["code", "boolean", "string", "id", "uri", "url", "canonical", "oid", "uuid", "markdown",
     "integer", "positiveInt", "unsignedInt", "decimal", "date", "dateTime", "instant"]
)  # fmt: skip
"""Datatypes that are tokens without a system of their own."""

SPECIAL_VALUES: Final = "http://hl7.org/fhir/special-values"
_DIALLED: Final = frozenset(["phone", "fax", "sms", "pager"])
_FORM: Final = "a token: CODE, SYSTEM|CODE, |CODE or SYSTEM|"

Spelled = tuple[tuple[int, ...], str, int]


def _spelled(system: str | None, code: str | None, display: str | None) -> Spelled:
    """The digests of a coding's spellings, its folded display, and that one's digest."""
    digests = [digest(f"y|{system}")] if system else []
    if code:
        folded = fold_code(code)
        digests += [digest(f"c|{folded}"), digest(f"s|{system or ''}|{folded}")]
    text = fold(display) if display else ""
    return tuple(digests), text, digest(f"t|{text}") if text else 0


# Codes recur, identifiers don't: only codes are worth remembering.
_coding = lru_cache(maxsize=8_192)(_spelled)


def pairs(datatype: str, value: Any) -> list[tuple[str | None, str]]:
    """The (system, code) of each coding in a value; composites are made from them.

    >>> pairs("Coding", {"system": "http://loinc.org", "code": "8302-2"})
    [('http://loinc.org', '8302-2')]
    """
    match datatype:
        case "CodeableConcept":
            found = [(c.get("system"), c.get("code")) for c in value.get("coding", ()) if c]
        case "Coding":
            found = [(value.get("system"), value.get("code"))]
        case "Identifier" | "ContactPoint":
            found = [(value.get("system"), value.get("value"))]
        case _:
            found = [(None, _plain_text(value))] if datatype in PLAIN else []
    return [(system, fold_code(code)) for system, code in found if code]


def _plain_text(value: Any) -> str:
    return ("true" if value else "false") if type(value) is bool else str(value)


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    make = _INDEX.get(datatype, _plain if datatype in PLAIN else None)
    return make(parameter.code) if make else None


def _plain(code: str) -> Index:
    salted, present = salt(code), element(code, "?")

    def add(value: Any, out: IndexValues) -> None:
        out.elements += (digest(f"c|{fold_code(_plain_text(value))}") ^ salted, present)

    return add


Entered = tuple[tuple[int, ...], tuple[TextEntry, ...]]
"""What the index holds of a coding: its elements, and the entry of its display."""


def _entered(code: str, spelled: Spelled) -> Entered:
    """The same for one search parameter."""
    salted = salt(code)
    digests, text, text_digest = spelled
    elements = [d ^ salted for d in digests]
    if not text:
        return tuple(elements), ()
    elements.append(text_digest ^ salted)
    return tuple(elements), (TextEntry(number(code), text, text_digest ^ salted),)


@lru_cache(maxsize=512)
def _of_codings(code: str) -> Callable[[str | None, str | None, str | None], Entered]:
    """The same by system, code and display, remembered: one for each search parameter."""

    @lru_cache(maxsize=1_024)
    def entered(system: str | None, own: str | None, display: str | None) -> Entered:
        return _entered(code, _coding(system, own, display))

    return entered


def _index_coding(code: str) -> Index:
    entered, present = _of_codings(code), element(code, "?")

    def add_coding(value: Any, out: IndexValues) -> None:
        get = value.get
        elements, texts = entered(get("system"), get("code"), get("display"))
        out.elements += elements
        out.texts += texts
        out.elements.append(present)

    return add_coding


def _index_concept(code: str) -> Index:
    entered, present = _of_codings(code), element(code, "?")

    def add_concept(value: Any, out: IndexValues) -> None:
        for coding in value.get("coding", ()):
            get = coding.get
            elements, texts = entered(get("system"), get("code"), get("display"))
            out.elements += elements
            out.texts += texts
        text = value.get("text")
        if text:
            elements, texts = entered(None, None, text)
            out.elements += elements
            out.texts += texts
        out.elements.append(present)

    return add_concept


def _index_identifier(code: str) -> Index:
    salted, present = salt(code), element(code, "?")

    def add_identifier(value: Any, out: IndexValues) -> None:
        kind, own = value.get("type"), value.get("value")
        text = kind.get("text") if kind else None
        elements, texts = _entered(code, _spelled(value.get("system"), own, text))
        out.elements += elements
        out.texts += texts
        if kind and own:
            for coding in kind.get("coding", ()):
                spelled = of_type(coding.get("system", ""), coding.get("code", ""), own)
                out.elements.append(digest(spelled) ^ salted)
        out.elements.append(present)

    return add_identifier


def _index_contact(code: str) -> Index:
    salted, present = salt(code), element(code, "?")

    def add_contact(value: Any, out: IndexValues) -> None:
        system, own = value.get("system", ""), value.get("value")
        if own:
            spellings = {fold_code(own)} | ({_digits(own)} if system in _DIALLED else set())
            for text in filter(None, spellings):
                out.elements.append(digest(f"c|{text}") ^ salted)
                out.elements.append(digest(f"s|{system}|{text}") ^ salted)
        out.elements.append(present)

    return add_contact


_INDEX: Final[dict[str, Callable[[str], Index]]] = {
    "CodeableConcept": _index_concept,
    "Coding": _index_coding,
    "Identifier": _index_identifier,
    "ContactPoint": _index_contact,
}


def of_type(system: str, code: str, value: str) -> str:
    """The spelling of an identifier's value with a coding of its type."""
    return f"o|{system}|{fold_code(code)}|{fold_code(value)}"


def _digits(value: str) -> str:
    """A telephone number as dialled: people write the same one in many ways."""
    return "".join(c for c in value if c in "0123456789")


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for."""
    match modifier:
        case "text":
            texts = [TokenText(number(parameter.code), fold(unescape(v))) for v in values]
            return texts[0] if len(texts) == 1 else Or(tuple(texts))
        case "of-type":
            return _any(parameter.code, [_of_type_spelling(parameter.code, v) for v in values])
        case _:
            return _any(parameter.code, [s for v in values for s in spellings(parameter, v)])


def _any(code: str, spelled: Sequence[str]) -> Condition:
    elements = tuple(dict.fromkeys(element(code, s) for s in spelled))
    return AnyElement(elements) if elements else Or(())


def spellings(parameter: SearchParameter, value: str) -> list[str]:
    """The spellings that a search value stands for; none when nothing can be equal to it."""
    parts = [unescape(p).strip() for p in split(value, "|")]
    if len(parts) > 2 or not any(parts):
        raise bad_value(parameter.code, value, _FORM)
    code = fold_code(parts[-1])
    datatypes = parameter.datatypes or frozenset()
    if datatypes == {"boolean"} and code not in ("true", "false"):
        raise bad_value(parameter.code, value, "true or false")
    if datatypes and datatypes <= PLAIN:
        if len(parts) == 2 and not _may_have(parameter, parts[0]):
            return []
        return [f"c|{code}"] if code else ["?"]
    if len(parts) == 1:
        numbers = [_digits(code)] if "ContactPoint" in datatypes and _is_number(code) else []
        return [f"c|{c}" for c in dict.fromkeys([code, *numbers])]
    return [f"s|{parts[0]}|{code}" if code else f"y|{parts[0]}"]


def _may_have(parameter: SearchParameter, system: str) -> bool:
    """Whether plain values of the parameter can be of a system: the one their binding implies."""
    if system == "":
        return True
    if parameter.systems is not None:
        return system in parameter.systems
    datatypes = parameter.datatypes or ()
    return "code" in datatypes or ("boolean" in datatypes and system == SPECIAL_VALUES)


def _is_number(code: str) -> bool:
    return len(_digits(code)) >= 3 and not any(c.isalpha() for c in code)


def _of_type_spelling(code: str, value: str) -> str:
    parts = [unescape(p) for p in split(value, "|")]
    if len(parts) != 3 or not all(parts[1:]):
        raise bad_value(code, value, "TYPE-SYSTEM|TYPE-CODE|VALUE")
    return of_type(*parts)


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return AnyElement((element(parameter.code, "?"),))


kinds.register("token")(Kind(index, condition, present))
