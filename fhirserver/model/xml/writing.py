"""The dict form to XML text: elements in the order of the standard, whatever order the dict has.

https://hl7.org/fhir/R4/xml.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhirserver.errors import NotAcceptable
from fhirserver.model.resource import Resource
from fhirserver.model.xml import primitives
from fhirserver.model.xml.narrative import stands_alone
from fhirserver.model.xml.shapes import FHIR, Slot, is_resource, slots

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_ODD: Final = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')
# What a line break in an attribute must look like, or readers make a space of it:
# https://www.w3.org/TR/xml/#AVNormalize
_ESCAPED: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;",
    "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
}  # fmt: skip


def write(resource: Resource, *, pretty: bool = False) -> bytes:
    """The XML text of a resource, in UTF-8; `pretty` is indented, but narratives are not.

    Raises NotAcceptable, which names the element, for what XML can't say: a property that is not
    FHIR's, a character that XML doesn't have.
    """
    writer = _Writer(pretty=pretty)
    writer.resource(resource, "", 0, f' xmlns="{FHIR}"')
    return (_DECLARATION + "".join(writer.out) + ("\n" if pretty else "")).encode()


class _Writer:
    """The text while it grows."""

    def __init__(self, *, pretty: bool) -> None:
        self.out: list[str] = []
        self._pretty = pretty

    def resource(self, value: Any, path: str, level: int, declares: str = "") -> None:
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str) or not is_resource(name):
            raise NotAcceptable("only a resource can be written as XML", expression=path or None)
        content = {k: v for k, v in value.items() if k != "resourceType"}
        self._element(name, content, name, path or name, level, declares)

    def _element(
        self, tag: str, value: Any, type_: str, path: str, level: int, attributes: str = ""
    ) -> None:
        """An element with children; `type_` is where the definitions say what these are."""
        if not isinstance(value, dict):
            raise _unwritable(path)
        known = slots(type_)
        members: dict[Slot, None] = {}
        for key in value:
            slot = known.get(key.removeprefix("_"))
            if slot is None:
                raise _unwritable(path)
            if slot.is_attribute:
                attributes += f' {slot.key}="{_escaped(value[slot.key], path)}"'
            else:
                members[slot] = None
        start = self._line(level) + f"<{tag}{attributes}"
        if not members:
            self.out.append(start + "/>")
            return
        self.out.append(start + ">")
        for slot in sorted(members, key=_order):
            self._member(slot, value, path, level + 1)
        self.out.append(f"{self._line(level)}</{tag}>")

    def _member(self, slot: Slot, owner: Mapping[str, Any], path: str, level: int) -> None:
        key = slot.key
        where = f"{path}.{key}"
        if slot.kind == "primitive":
            values, extras = owner.get(key), owner.get(f"_{key}")
            if not slot.is_list:
                self._primitive(key, values, extras, where, level)
                return
            for i, (one, extra) in enumerate(_pairs(values, extras, where)):
                self._primitive(key, one, extra, f"{where}[{i}]", level)
            return
        value = owner.get(key)
        if not slot.is_list:
            self._complex(slot, value, where, level)
            return
        if not isinstance(value, list):
            raise _unwritable(where)
        for i, one in enumerate(value):
            self._complex(slot, one, f"{where}[{i}]", level)

    def _complex(self, slot: Slot, value: Any, path: str, level: int) -> None:
        if slot.kind == "xhtml":
            if not isinstance(value, str) or not stands_alone(value):
                raise NotAcceptable("the narrative is not XHTML", expression=path)
            self.out.append(self._line(level) + value.strip())
        elif slot.kind == "resource":
            line = self._line(level)
            self.out.append(f"{line}<{slot.key}>")
            self.resource(value, path, level + 1)
            self.out.append(f"{line}</{slot.key}>")
        else:
            self._element(slot.key, value, slot.path, path, level)

    def _primitive(self, tag: str, value: Any, extra: Any, path: str, level: int) -> None:
        attribute = "" if value is None else f' value="{_escaped(value, path)}"'
        if extra is not None:
            self._element(tag, extra, "Element", path, level, attribute)
        elif attribute:
            self.out.append(f"{self._line(level)}<{tag}{attribute}/>")
        else:
            raise _unwritable(path)

    def _line(self, level: int) -> str:
        return "\n" + "  " * level if self._pretty else ""


def _order(slot: Slot) -> int:
    return slot.order


def _pairs(values: Any, extras: Any, path: str) -> Sequence[tuple[Any, Any]]:
    """The values of a list with their siblings.

    https://hl7.org/fhir/R4/json.html#primitive
    """
    lists = [[] if v is None else v for v in (values, extras)]
    if not all(isinstance(v, list) for v in lists):
        raise _unwritable(path)
    length = max(map(len, lists))
    first, second = ([*v, *[None] * (length - len(v))] for v in lists)
    return list(zip(first, second, strict=True))


def _escaped(value: Any, path: str) -> str:
    text = primitives.text(value)
    if text is None:
        raise _unwritable(path)
    if _ODD.search(text) is None:
        return text

    def replaced(match: re.Match[str]) -> str:
        found = _ESCAPED.get(match[0])
        if found is None:
            raise NotAcceptable(
                "has a character that XML can't carry: ask for JSON", expression=path
            )
        return found

    return _ODD.sub(replaced, text)


def _unwritable(path: str) -> NotAcceptable:
    return NotAcceptable(
        "doesn't have the shape of its definition, so it can't be written as XML: ask for JSON",
        expression=path,
    )
