"""From FHIR's codes to those of HL7's tables, and from systems to the names that v2 has for them.

The tables are `tables/codes/NAME.json`: FHIR's code to the v2 code, or to code and text. Where v2
has several codes for one of FHIR's, the table has the one that is commonest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import unquote

from fhirserver.model import json
from hl7v2_gateway.mapping.systems import CODE_SYSTEMS
from hl7v2_gateway.outbound.wishes import Wishes

_TABLES_OF_HL7: Final = re.compile(
    r"(?:http://terminology\.hl7\.org/CodeSystem/v2-|http://terminology\.hl7\.org/ValueSet/v2-|http://hl7\.org/fhir/v2/|urn:oid:2\.16\.840\.1\.113883\.12\.)(\d+)"
)
_V3: Final = "http://terminology.hl7.org/CodeSystem/v3-"
_OID: Final = "urn:oid:"
_UUID: Final = "urn:uuid:"
_NAMED: Final = "urn:id:"
"""What messages that come in name without saying whose it is (mapping/datatypes)."""


@cache
def table(name: str) -> Mapping[str, str]:
    """A table by its name. Raises FileNotFoundError when there is none."""
    folder = resources.files("hl7v2_gateway.outbound.tables").joinpath("codes")
    found: Mapping[str, str] = json.parse_object(folder.joinpath(f"{name}.json").read_bytes())[
        "codes"
    ]
    return found


def system_name(system: str, wishes: Wishes) -> str:
    """The name of a system of codes in CWE.3 (table 0396); one of its own for what has none.

    >>> system_name("http://loinc.org", Wishes())
    'LN'
    >>> system_name("http://terminology.hl7.org/CodeSystem/v2-0203", Wishes())
    'HL70203'
    """
    known = wishes.systems.get(system) or table("CodingSystem").get(system)
    if known is not None:
        return known
    found = _TABLES_OF_HL7.fullmatch(system)
    if found is not None:
        return f"HL7{int(found[1]):04d}"
    if system.startswith(_NAMED):
        return unquote(system.removeprefix(_NAMED))
    return _names().get(system) or system.removeprefix(_OID)


@cache
def _names() -> Mapping[str, str]:
    """The names by which messages that come in call systems, the commonest of each."""
    found: dict[str, str] = {}
    for name, system in CODE_SYSTEMS.items():
        found.setdefault(system, name)
    return found


def authority(system: str | None, wishes: Wishes) -> tuple[str, str, str]:
    """The assigning authority of a system of identifiers, as HD: namespace, universal id, type.

    >>> authority("urn:oid:1.2.36", Wishes())
    ('', '1.2.36', 'ISO')
    >>> authority("https://ehr.example/mrn", Wishes(authorities={"https://ehr.example/mrn": "EHR"}))
    ('EHR', '', '')
    """
    if not system:
        return ("", "", "")
    known = wishes.authorities.get(system) or table("Authority").get(system)
    if known is not None:
        namespace, universal, kind = [*known.split("&"), "", ""][:3]
        return (namespace, universal, kind)
    if system.startswith(_OID):
        return ("", system.removeprefix(_OID), "ISO")
    if system.startswith(_NAMED):
        return (unquote(system.removeprefix(_NAMED)), "", "")
    if system.startswith(_UUID):
        return ("", system.removeprefix(_UUID), "UUID")
    return ("", system, "URI")


@cache
def hl7_table(name: str) -> str:
    """The name in CWE.3 of the HL7 table that a table of ours leads to.

    >>> hl7_table("Relationship")
    'HL70063'
    """
    folder = resources.files("hl7v2_gateway.outbound.tables").joinpath("codes")
    to = json.parse_object(folder.joinpath(f"{name}.json").read_bytes())["to"]
    return f"HL7{to.split()[2]}"
