"""References between resources: read one, find all in a resource, put others in their place.

Which properties hold links is known from the definitions, so that an Identifier's value or a text
that happens to look like a link is left alone.

https://hl7.org/fhir/R4/references.html, https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from operator import is_
from typing import Any, Final, NamedTuple

from fhirserver.model import definitions
from fhirserver.model.resource import Resource

Replace = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class ParsedReference:
    """What the text of a reference says.

    `type` and `id` are None where it names no instance of a resource type: `urn:uuid:...`, `#p1`,
    an address that is not RESTful. `base` is None where it is on this server. `query` is the
    condition of a conditional reference, `fragment` the id of a contained resource.
    """

    text: str
    type: str | None = None
    id: str | None = None
    version: str | None = None
    base: str | None = None
    query: str | None = None
    fragment: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it names an instance on this server."""
        return self.id is not None and self.base is None


class Link(NamedTuple):
    """A Reference.reference in a resource; `targets` are the types that the element allows."""

    expression: str
    text: str
    targets: tuple[str, ...]


_LITERAL: Final = re.compile(
    r"(?:(?P<base>https?://[^?#\s]+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?"
)
_CONDITIONAL: Final = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>\S+)")


def parse_reference(text: str, base: str | None = None) -> ParsedReference:
    """Read the text of a reference, on a server whose FHIR base is `base`.

    https://hl7.org/fhir/R4/references.html#literal

    >>> parse_reference("http://here/fhir/Patient/1", "http://here/fhir").type
    'Patient'
    """
    if text.startswith("#"):
        return ParsedReference(text, fragment=text[1:])
    is_type = definitions.load().is_resource
    found = _LITERAL.fullmatch(text)
    if found is not None and is_type(found["type"]):
        elsewhere = None if found["base"] == base else found["base"]
        return ParsedReference(text, found["type"], found["id"], found["version"], elsewhere)
    found = _CONDITIONAL.fullmatch(text)
    if found is not None and is_type(found["type"]):
        return ParsedReference(text, type=found["type"], query=found["query"])
    return ParsedReference(text)


def references(resource: Resource) -> Iterator[Link]:
    """Every Reference.reference in a resource: extensions, contained and nested resources too."""
    found: list[Link] = []
    kind = resource.get("resourceType")
    _find_in_resource(resource, kind if isinstance(kind, str) else "", (), found)
    return iter(found)


def rewrite(resource: Resource, replace: Replace) -> Resource:
    """The resource with its links replaced: the same object when `replace` changes none.

    `replace` is given the text of each Reference.reference, uri, url, oid and uuid (not canonical),
    and each `href` and `src` of narratives, and answers with another text or None.

    https://hl7.org/fhir/R4/http.html#trules
    """
    rewritten: Resource = _rewrite_resource(resource, replace)
    return rewritten


# A rule that rewrites answers with the same object when nothing changes.
_Rewrite = Callable[[Any, Replace], Any]
# A rule that finds is given a value, its path, the types it may refer to, and where to put links.
_Find = Callable[[Any, str, tuple[str, ...], list[Link]], None]

_LINK_TYPES: Final = frozenset({"uri", "url", "oid", "uuid"})


def _rewrite_resource(value: Any, replace: Replace) -> Any:
    if type(value) is dict:
        kind = value.get("resourceType")
        if type(kind) is str and definitions.load().is_resource(kind):
            return _rewrite_object(kind)(value, replace)
    return value


@functools.cache
def _rewrite_object(path: str) -> _Rewrite:
    rules: dict[str, _Rewrite] = {}

    def rewrite(value: Any, replace: Replace) -> Any:
        if type(value) is not dict:
            return value
        if not rules:
            rules.update(_rewrite_rules(path))
        changed: dict[str, Any] | None = None
        for name, member in value.items():
            rule = rules.get(name)
            if rule is not None:
                new = rule(member, replace)
                if new is not member:
                    changed = changed or {}
                    changed[name] = new
        return {**value, **changed} if changed else value

    return rewrite


def _rewrite_rules(path: str) -> dict[str, _Rewrite]:
    """What to do with each property of an object that is, or may contain, a link."""
    rules: dict[str, _Rewrite] = {}
    for p in definitions.load().properties(path).values():
        if p.type_code in definitions.load().primitives:
            if p.type_code in _LINK_TYPES or p.element.path == "Reference.reference":
                rules[p.name] = _each(_rewrite_link) if p.is_list else _rewrite_link
            elif p.type_code == "xhtml":
                rules[p.name] = _rewrite_narrative
            rules[f"_{p.name}"] = _each(_rewrite_object("Element"))
        else:
            is_resource = p.type_code == "Resource"
            rule = _rewrite_resource if is_resource else _rewrite_object(p.target_path)
            rules[p.name] = _each(rule) if p.is_list else rule
    return rules


def _each(rule: _Rewrite) -> _Rewrite:
    def rewrite(values: Any, replace: Replace) -> Any:
        if type(values) is not list:
            return rule(values, replace)
        new = [rule(v, replace) for v in values]
        return values if all(map(is_, new, values)) else new

    return rewrite


def _rewrite_link(value: Any, replace: Replace) -> Any:
    new = replace(value) if type(value) is str else None
    return value if new is None else new


_ATTRIBUTE: Final = re.compile(r"""(\s(?:href|src)\s*=\s*)(?:"([^"<]*)"|'([^'<]*)')""")


def _rewrite_narrative(text: Any, replace: Replace) -> Any:
    def link(found: re.Match[str]) -> str:
        old = unescape(found[2] if found[2] is not None else found[3])
        new = replace(old)
        return found[0] if new is None else f'{found[1]}"{escape(new)}"'

    if type(text) is not str or ("href" not in text and "src" not in text):
        return text
    new = _ATTRIBUTE.sub(link, text)
    return text if new == text else new


def _find_in_resource(value: Any, here: str, targets: tuple[str, ...], found: list[Link]) -> None:
    kind = value.get("resourceType")
    if type(kind) is str and definitions.load().is_resource(kind):
        _find_in_object(kind)(value, here, targets, found)


@functools.cache
def _find_in_object(path: str) -> _Find:
    is_reference = path == "Reference"
    rules: dict[str, tuple[_Find, str, tuple[str, ...]]] = {}

    def find(value: Any, here: str, targets: tuple[str, ...], found: list[Link]) -> None:
        if not rules:
            rules.update(_find_rules(path))
        if is_reference and type(value.get("reference")) is str:
            found.append(Link(f"{here}.reference", value["reference"], targets))
        for name, member in value.items():
            if name not in rules:
                continue
            rule, step, allowed = rules[name]
            if type(member) is dict:
                rule(member, f"{here}.{step}", allowed, found)
            elif type(member) is list:
                for i, item in enumerate(member):
                    if type(item) is dict:
                        rule(item, f"{here}.{step}[{i}]", allowed, found)

    return find


def _find_rules(path: str) -> dict[str, tuple[_Find, str, tuple[str, ...]]]:
    """Where to look further, in which step of the path, and which types are allowed there."""
    rules: dict[str, tuple[_Find, str, tuple[str, ...]]] = {}
    for p in definitions.load().properties(path).values():
        step = p.element.name
        if p.type_code in definitions.load().primitives:
            rules[f"_{p.name}"] = (_find_in_object("Element"), step, ())
        elif p.type_code == "Resource":
            rules[p.name] = (_find_in_resource, step, ())
        else:
            rules[p.name] = (_find_in_object(p.target_path), step, p.targets)
    return rules
