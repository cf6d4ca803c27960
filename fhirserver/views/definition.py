"""A ViewDefinition as values: what it says, checked for shape; no path is compiled yet.

https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from fhirserver.errors import Invalid
from fhirserver.fhirpath.nodes import Typed
from fhirserver.model import definitions

Iteration = Literal["forEach", "forEachOrNull", "repeat"]
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
MOST_SELECTS: Final = 200
DEEPEST: Final = 20
_CONSTANTS: Final = {
    f"value{t[0].upper()}{t[1:]}": t
    for t in (
        "base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id",
        "instant", "integer", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url",
        "uuid",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnPath:
    """A column as it is written."""

    name: str
    path: str
    type: str | None
    is_collection: bool
    description: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Select:
    """A select: what is walked over, its columns, and what stands below it.

    `paths` are one for forEach and forEachOrNull, some for repeat, none where nothing is walked.
    """

    iteration: Iteration | None
    paths: tuple[str, ...]
    columns: tuple[ColumnPath, ...]
    selects: tuple[Select, ...]
    union: tuple[Select, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A ViewDefinition."""

    resource: str
    name: str | None
    url: str | None
    constants: Mapping[str, Typed]
    where: tuple[str, ...]
    select: tuple[Select, ...]


def parse(content: Any) -> Definition:
    """The definition in a ViewDefinition's JSON; raises Invalid with the place of what is wrong."""
    if not isinstance(content, Mapping):
        raise Invalid("a ViewDefinition is an object", expression="ViewDefinition")
    resource = content.get("resource")
    if not isinstance(resource, str) or not definitions.load().is_resource(resource):
        raise Invalid(
            "a ViewDefinition names the resource type that it is about, one of R4's",
            expression="ViewDefinition.resource",
        )
    name = _text(content, "name", "ViewDefinition")
    if name is not None:
        _named(name, "ViewDefinition.name")
    reader = _Reader()
    selects = reader.selects(content.get("select"), "ViewDefinition.select", 1)
    if not selects:
        raise Invalid("a ViewDefinition selects something", expression="ViewDefinition.select")
    return Definition(
        resource,
        name,
        _text(content, "url", "ViewDefinition"),
        _constants(content),
        tuple(
            _path(w.get("path"), f"ViewDefinition.where[{n}].path")
            for n, w in enumerate(_objects(content.get("where"), "ViewDefinition.where"))
        ),
        selects,
    )


class _Reader:
    """Reads selects, and counts them: each is work for every resource."""

    def __init__(self) -> None:
        self.count = 0

    def selects(self, found: Any, place: str, depth: int) -> tuple[Select, ...]:
        return tuple(
            self.select(s, f"{place}[{n}]", depth) for n, s in enumerate(_objects(found, place))
        )

    def select(self, found: Mapping[str, Any], place: str, depth: int) -> Select:
        self.count += 1
        if self.count > MOST_SELECTS or depth > DEEPEST:
            raise Invalid(
                f"a view has at most {MOST_SELECTS} selects, {DEEPEST} deep", expression=place
            )
        walked = [k for k in ("forEach", "forEachOrNull", "repeat") if k in found]
        if len(walked) > 1:
            raise Invalid("a select has one of forEach, forEachOrNull and repeat", expression=place)
        iteration = cast(Iteration, walked[0]) if walked else None
        paths: tuple[str, ...] = ()
        if iteration == "repeat":
            given = found["repeat"]
            if not isinstance(given, list) or not given:
                raise Invalid("repeat is a list of paths", expression=f"{place}.repeat")
            paths = tuple(_path(p, f"{place}.repeat[{n}]") for n, p in enumerate(given))
        elif iteration is not None:
            paths = (_path(found[iteration], f"{place}.{iteration}"),)
        made = Select(
            iteration,
            paths,
            tuple(
                _column(c, f"{place}.column[{n}]")
                for n, c in enumerate(_objects(found.get("column"), f"{place}.column"))
            ),
            self.selects(found.get("select"), f"{place}.select", depth + 1),
            self.selects(found.get("unionAll"), f"{place}.unionAll", depth + 1),
            place,
        )
        if not (made.columns or made.selects or made.union):
            raise Invalid("a select has columns, selects or a unionAll", expression=place)
        return made


def _column(found: Mapping[str, Any], place: str) -> ColumnPath:
    name = found.get("name")
    if not isinstance(name, str):
        raise Invalid("a column has a name", expression=f"{place}.name")
    _named(name, f"{place}.name")
    is_collection = found.get("collection", False)
    if not isinstance(is_collection, bool):
        raise Invalid("collection is true or false", expression=f"{place}.collection")
    return ColumnPath(
        name,
        _path(found.get("path"), f"{place}.path"),
        _type(_text(found, "type", place)),
        is_collection,
        _text(found, "description", place),
        place,
    )


def _type(name: str | None) -> str | None:
    """The type's name, where it is given by its address."""
    return name.rpartition("/")[2] if name else None


def _constants(content: Mapping[str, Any]) -> Mapping[str, Typed]:
    made: dict[str, Typed] = {}
    for number, found in enumerate(_objects(content.get("constant"), "ViewDefinition.constant")):
        place = f"ViewDefinition.constant[{number}]"
        name = found.get("name")
        if not isinstance(name, str):
            raise Invalid("a constant has a name", expression=f"{place}.name")
        _named(name, f"{place}.name")
        values = [k for k in found if k in _CONSTANTS]
        if len(values) != 1 or name in made:
            raise Invalid("a constant has one value, and a name of its own", expression=place)
        made[name] = (_CONSTANTS[values[0]], found[values[0]], None)
    return made


def _named(name: str, place: str) -> None:
    if not NAME.fullmatch(name):
        raise Invalid(
            "a name has letters, digits and underscores, and begins with a letter",
            expression=place,
        )


def _objects(found: Any, place: str) -> Sequence[Mapping[str, Any]]:
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(f, Mapping) for f in found):
        raise Invalid("a list of objects is expected", expression=place)
    return found


def _path(found: Any, place: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise Invalid("a FHIRPath expression is expected", expression=place)
    return found


def _text(found: Mapping[str, Any], name: str, place: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid("a string is expected", expression=f"{place}.{name}")
    return value
