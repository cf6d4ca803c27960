"""Reference parameters: to resources here, at other addresses, by canonical URL, or by identifier.

https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from fhirserver.errors import NotSupported
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split, unescape
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import digest, element, salt
from fhirserver.search.index import IndexValues
from fhirserver.search.kinds import Index, Kind, kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import AnyElement, Condition
from fhirserver.search.site import Site

ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LOCAL: Final = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_IS_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_URLS: Final = frozenset(["canonical", "uri", "url", "oid", "uuid"])
_FORM: Final = "a reference: ID, TYPE/ID or a URL"


def address(reference: str, site: Site) -> str | None:
    """A reference as the index has it: relative if it is ours, without version; None inside.

    >>> address("http://127.0.0.1:8000/fhir/Patient/1/_history/2", Site())
    'Patient/1'
    """
    if reference.startswith("#"):
        return None
    if "/_history/" in reference:
        reference = reference.partition("/_history/")[0]
    return site.relative(reference.strip()) or None


def local(reference: str, site: Site) -> tuple[str, str] | None:
    """The type and id of a reference to a resource of this server, or None.

    >>> local("Patient/1", Site())
    ('Patient', '1')
    """
    # Most are written so, and have nothing to be taken off.
    match = _LOCAL.fullmatch(reference) or _LOCAL.fullmatch(address(reference, site) or "")
    return (match[1], match[2]) if match else None


@lru_cache(maxsize=16_384)
def _digest(reference: str, base_url: str) -> int | None:
    """What the index has of a reference; several parameters take the same, as do many resources."""
    own = address(reference, Site(base_url))
    return digest(f"r|{own}") if own else None


def refers_to(value: Any, only: str) -> bool:
    """Whether a Reference is to a resource of a type, as far as it tells (`resolve() is Type`)."""
    reference = value.get("reference")
    if not reference or reference.startswith(("#", "urn:")):
        return bool(value.get("type") == only)
    return reference.startswith(f"{only}/") or f"/{only}/" in reference


def spelled(datatype: str, value: Any, site: Site) -> list[str]:
    """The spellings of a value; composites are made from them."""
    if datatype == "Reference":
        own = address(value.get("reference") or "", site)
        return [f"r|{own}"] if own else []
    if datatype in _URLS:
        # A reference without a version finds one with a version.
        own = site.relative(value)
        return list(dict.fromkeys([f"r|{own}", f"r|{own.partition('|')[0]}"]))
    if type(value) is dict and "id" in value and "resourceType" in value:
        return [f"r|{value['resourceType']}/{value['id']}"]
    return []


def index(parameter: SearchParameter, datatype: str, site: Site) -> Index | None:
    """How a value of the datatype is indexed."""
    salted, present = salt(parameter.code), element(parameter.code, "?")

    def add_reference(value: Any, out: IndexValues) -> None:
        reference = value.get("reference")
        if reference:
            own = _digest(reference, site.base_url)
            if own is not None:
                out.elements.append(own ^ salted)
        identifier = value.get("identifier")
        if identifier and identifier.get("value"):
            code = fold_code(identifier["value"])
            system = identifier.get("system", "")
            out.elements.append(digest(f"i|c|{code}") ^ salted)
            out.elements.append(digest(f"i|s|{system}|{code}") ^ salted)
        out.elements.append(present)

    def add_other(value: Any, out: IndexValues) -> None:
        out.elements += [digest(s) ^ salted for s in spelled(datatype, value, site)]
        out.elements.append(present)

    return add_reference if datatype == "Reference" else add_other


def condition(
    parameter: SearchParameter, modifier: str | None, values: Sequence[str], site: Site
) -> Condition:
    """What the values ask for; `modifier` may be the name of a resource type."""
    if modifier in ("above", "below"):
        raise NotSupported(f"{parameter.code}:{modifier} would need hierarchies of references")
    if modifier == "identifier":
        found = [_identifier(parameter.code, v) for v in values]
    else:
        targets = (modifier,) if modifier else parameter.targets
        found = [s for v in values for s in spellings(parameter.code, v, targets, site)]
    return AnyElement(tuple(dict.fromkeys(element(parameter.code, s) for s in found)))


def spellings(code: str, value: str, targets: Sequence[str], site: Site) -> list[str]:
    """The spellings that a search value stands for: one per target type for a bare id."""
    own = address(unescape(value), site)
    if own is None:
        raise bad_value(code, value, _FORM)
    match = _LOCAL.fullmatch(own)
    if match or (_IS_URL.match(own) and len(own) > 4):
        return [f"r|{own}"]
    if ID.fullmatch(own):
        return [f"r|{target}/{own}" for target in targets]
    raise bad_value(code, value, _FORM)


def _identifier(code: str, value: str) -> str:
    parts = [unescape(p).strip() for p in split(value, "|")]
    own = fold_code(parts[-1])
    if len(parts) > 2 or not own:
        raise bad_value(f"{code}:identifier", value, "SYSTEM|VALUE")
    return f"i|c|{own}" if len(parts) == 1 else f"i|s|{parts[0]}|{own}"


def present(parameter: SearchParameter) -> Condition:
    """What tells that a resource has any value."""
    return AnyElement((element(parameter.code, "?"),))


kinds.register("reference")(Kind(index, condition, present))
