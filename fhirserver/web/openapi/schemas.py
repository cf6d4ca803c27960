"""JSON Schemas of resource types and datatypes, made of their definitions.

https://json-schema.org/draft/2020-12, https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhirserver.model.definitions import Definitions, Property

Schema = dict[str, Any]

# An enumeration that is longer is left out: the server knows it anyway.
_MOST_CODES: Final = 60
_ANY_RESOURCE: Final = "Resource"
_TEXT: Final = {"type": "string", "minLength": 1}
# Where the definition's pattern is none that a schema can have, or is no help.
_PRIMITIVES: Final[Mapping[str, Schema]] = {
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    "base64Binary": {"type": "string", "contentEncoding": "base64"},
    "string": _TEXT,
    "markdown": _TEXT,
    "xhtml": {"type": "string", "description": "A `div` element of XHTML."},
}
_REFERENCE: Final = "#/components/schemas/{}"


def schemas(definitions: Definitions, wanted: Iterable[str]) -> dict[str, Schema]:
    """The schemas of some types by name, with those of everything that they are made of."""
    found: dict[str, Schema] = {_ANY_RESOURCE: _any_resource()}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _schema(definitions, name)
            waiting += _named_in(found[name])
    return {name: found[name] for name in sorted(found)}


def reference(name: str) -> Schema:
    """A reference to the schema of a type."""
    return {"$ref": _REFERENCE.format(name)}


def _any_resource() -> Schema:
    return {
        "type": "object",
        "description": "A resource of any type.",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}},
    }


def _schema(definitions: Definitions, name: str) -> Schema:
    if name in definitions.primitives:
        return _primitive(definitions, name)
    properties: dict[str, Any] = {}
    required: list[str] = []
    if definitions.is_resource(name):
        properties["resourceType"] = {"const": name}
        required.append("resourceType")
    for p in definitions.properties(name).values():
        properties[p.name] = _value(definitions, p)
        is_primitive = p.type_code in definitions.primitives
        if is_primitive and not p.element.is_attribute and p.type_code != "xhtml":
            beside = reference("Element")
            several = {"type": "array", "items": {"anyOf": [beside, {"type": "null"}]}}
            properties[f"_{p.name}"] = several if p.is_list else beside
        # A primitive may have only an extension that says why it is missing.
        if p.element.min > 0 and not p.element.is_choice and not is_primitive:
            required.append(p.name)
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = required
    if definitions.is_resource(name):
        made["externalDocs"] = {"url": f"https://hl7.org/fhir/R4/{name.lower()}.html"}
    return made


def _primitive(definitions: Definitions, name: str) -> Schema:
    if name in _PRIMITIVES:
        return dict(_PRIMITIVES[name])
    pattern = definitions.structure(name).pattern
    return {"type": "string", "pattern": f"^({pattern})$"} if pattern else {"type": "string"}


def _value(definitions: Definitions, p: Property) -> Schema:
    one = _codes(definitions, p) or reference(_type(definitions, p))
    if not p.is_list:
        return one
    if p.type_code in definitions.primitives:
        one = {"anyOf": [one, {"type": "null"}]}
    return {"type": "array", "minItems": 1, "items": one}


def _type(definitions: Definitions, p: Property) -> str:
    """The name of the schema: of an element with children, its path."""
    if "." in p.target_path or not definitions.is_resource(p.type_code):
        return p.target_path
    return p.type_code


def _codes(definitions: Definitions, p: Property) -> Schema | None:
    binding = p.element.binding
    if p.type_code != "code" or binding is None or binding.strength != "required":
        return None
    systems = definitions.codes(binding.value_set)
    codes = sorted({code for codes in (systems or {}).values() for code in codes})
    return {"enum": codes} if 0 < len(codes) <= _MOST_CODES else None


def _named_in(schema: Any) -> Iterable[str]:
    """The names that a schema refers to."""
    if isinstance(schema, dict):
        for key, inner in schema.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner.rpartition("/")[2]
            else:
                yield from _named_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _named_in(inner)
