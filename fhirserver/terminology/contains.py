"""How a code looks in an expansion: display, designations, properties.

R4 has no properties in expansions: they are written as the extensions that stand for R5's.
https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.contains
https://hl7.org/fhir/R5/valueset-definitions.html#ValueSet.expansion.contains.property
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fhirserver.model.resource import Resource
from fhirserver.terminology.content import Designation
from fhirserver.terminology.displays import Name, names, shown
from fhirserver.terminology.membership import Hit
from fhirserver.terminology.options import Options

_SD: Final = "http://hl7.org/fhir/StructureDefinition/"
_R5: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion."
PROPERTY: Final = f"{_R5}property"
CONTAINS_PROPERTY: Final = f"{_R5}contains.property"
_DEFINED: Final = "http://hl7.org/fhir/concept-properties#"

_STATUS: Final = f"{_SD}structuredefinition-standards-status"
# What a list in a value set says of a code that its readers should see, too.
_OF_LIST: Final = frozenset(
    {f"{_SD}valueset-deprecated", f"{_SD}valueset-concept-definition", _STATUS}
)
_RENDERING: Final = frozenset({f"{_SD}rendering-style", f"{_SD}rendering-xhtml"})

# Extensions that are properties in an expansion: code, type, and the name of the property's uri.
_AS_PROPERTY: Final = {
    f"{_SD}itemWeight": ("weight", "Decimal", "itemWeight"),
    f"{_SD}codesystem-label": ("label", "String", "label"),
    f"{_SD}valueset-label": ("label", "String", "label"),
    f"{_SD}codesystem-conceptOrder": ("order", "Decimal", "order"),
    f"{_SD}valueset-conceptOrder": ("order", "Decimal", "order"),
}
_PREFERRED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra",
    "code": "preferredForLanguage",
    "display": "Preferred For Language",
}
_LANGUAGES: Final = "urn:ietf:bcp:47"


class Writer:
    """Writes the codes of one expansion, and remembers which properties they have."""

    def __init__(
        self, options: Options, languages: tuple[str, ...], *, versions: frozenset[str]
    ) -> None:
        self._options = options
        self._languages = languages
        self._is_hard = _is_hard(options.display_language)
        self._versions = versions
        self._wanted = frozenset(options.properties)
        self.declared: dict[str, str | None] = {}

    def contains(self, hit: Hit) -> Resource:
        """The entry of a code."""
        concept = hit.concept
        found: Resource = {"system": hit.system_url}
        extension = [
            *(e for e in (hit.listed.extension if hit.listed else ()) if _is_told(e)),
            *(e for e in concept.extension if e.get("url") in _RENDERING),
        ]
        extension += self._properties(hit)
        if extension:
            found["extension"] = extension
        if concept.is_abstract:
            found["abstract"] = True
        if concept.is_inactive:
            found["inactive"] = True
        if hit.system_url in self._versions and hit.system is not None and hit.system.version:
            found["version"] = hit.system.version
        found["code"] = concept.code
        self._name(hit, found)
        return found

    def _name(self, hit: Hit, found: Resource) -> None:
        """Its display, and its other names where they are wanted."""
        listed = hit.listed
        own = listed.display if listed is not None and not self._languages else None
        if not self._options.include_designations and not self._languages:
            display = own or hit.concept.display
            if display:
                found["display"] = display
            return
        known = names(hit.concept, hit.system, listed)
        name = shown(known, self._languages, hard=self._is_hard)
        display = own or (name.value if name else None)
        if display:
            found["display"] = display
        if self._options.include_designations:
            others = [self._designation(n) for n in known if n is not name]
            designations = [d for d in others if d is not None]
            if designations:
                found["designation"] = designations

    def _designation(self, name: Name) -> Resource | None:
        made = _made(name)
        wanted = self._options.designations
        return made if not wanted or any(_is_wanted(made, w) for w in wanted) else None

    def _properties(self, hit: Hit) -> Iterator[Resource]:
        for code, type_name, value, uri in _properties(hit, self._wanted):
            self.declared[code] = uri or _declared_uri(hit, code)
            yield {
                "url": CONTAINS_PROPERTY,
                "extension": [
                    {"url": "code", "valueCode": code},
                    {"url": "value", f"value{type_name}": value},
                ],
            }

    def declarations(self) -> list[Resource]:
        """The properties that were written, for the expansion itself."""
        return [
            {
                "url": PROPERTY,
                "extension": [
                    {"url": "code", "valueCode": code},
                    *([{"url": "uri", "valueUri": uri}] if uri else []),
                ],
            }
            for code, uri in self.declared.items()
        ]


def _properties(hit: Hit, wanted: frozenset[str]) -> Iterator[tuple[str, str, Any, str | None]]:
    concept = hit.concept
    extensions: dict[str, tuple[str, Any, str]] = {}
    # What the value set says of a code counts more than what the code system says.
    for extension in (*concept.extension, *(hit.listed.extension if hit.listed else ())):
        found = _AS_PROPERTY.get(str(extension.get("url")))
        if found is not None:
            value = next((v for k, v in extension.items() if k.startswith("value")), None)
            extensions[found[0]] = found[1], value, _DEFINED + found[2]
    for code, (type_name, value, uri) in extensions.items():
        yield code, type_name, value, uri
    if concept.status is not None and concept.status != "active":
        yield "status", "Code", concept.status, f"{_DEFINED}status"
    if not wanted:
        return
    if "definition" in wanted and concept.definition:
        yield "definition", "String", concept.definition, f"{_DEFINED}definition"
    for own in concept.properties:
        if own.code != "status" and (own.code in wanted or "*" in wanted):
            yield own.code, own.type, own.value, None


def _declared_uri(hit: Hit, code: str) -> str | None:
    declared = hit.system.about.get("property", ()) if hit.system else ()
    return next((p.get("uri") for p in declared if p.get("code") == code), None)


def _is_told(extension: Resource) -> bool:
    url = extension.get("url")
    return url in _OF_LIST or url in _RENDERING


def _made(name: Name) -> Resource:
    """A designation of an expansion; the display itself is the preferred one of its language."""
    found: Designation | None = name.designation
    if found is None:
        language = {"language": name.language} if name.language else {}
        return {**language, "use": _PREFERRED, "value": name.value}
    made: Resource = {}
    extension = [e for e in found.extension if str(e.get("url", "")).startswith(_SD)]
    if extension:
        made["extension"] = extension
    if found.language:
        made["language"] = found.language
    if found.use:
        made["use"] = found.use
    return {**made, "value": found.value}


def _is_wanted(made: Resource, wanted: str) -> bool:
    """Whether a designation is one of a kind: a language or a use, as `system|code`."""
    system, bar, code = wanted.partition("|")
    if not bar:
        system, code = _LANGUAGES, wanted
    if system == _LANGUAGES:
        return str(made.get("language", "")).lower() == code.lower()
    use = made.get("use", {})
    return bool(use.get("system") == system and use.get("code") == code)


def _is_hard(display_language: str | None) -> bool:
    """Whether no other language will do: `de, *; q=0`."""
    parts: Iterable[str] = (display_language or "").split(",")
    return any(p.replace(" ", "").startswith("*;q=0") for p in parts)
