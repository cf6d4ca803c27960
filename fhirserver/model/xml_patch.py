"""XML Patch: a document of add, replace and remove changes another.

https://www.rfc-editor.org/rfc/rfc5261, https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from fhirserver.errors import Invalid, NotUnderstood, TooCostly, Unprocessable
from fhirserver.model import xml
from fhirserver.model.resource import Resource
from fhirserver.model.xml.shapes import FHIR, XHTML
from fhirserver.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml import etree

    Act = Callable[["_Operation"], None]

MAX_OPERATIONS: Final = 1_000
# Bytes that all selectors together may walk over; about two seconds.
MAX_WALKED: Final = 500_000_000
MAX_SHOWN: Final = 200

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*"
_QNAME: Final = rf"(?:{_NAME}:)?{_NAME}"
_PREDICATE: Final = rf"""\[\s*(?:[0-9]{{1,9}}|(?:@?{_QNAME}|\.)\s*=\s*(?:'[^']*'|"[^"]*"))\s*\]"""
_ELEMENT: Final = rf"(?:\*|{_QNAME})(?:{_PREDICATE})*"
_NODE: Final = rf"(?:text|comment)\(\)(?:\[[0-9]{{1,9}}\])?|@{_QNAME}"
# The subset of XPath in https://www.rfc-editor.org/rfc/rfc5261#section-4.1: each step walks over
# children once, so no selector costs more than its length times the document's size.
_SELECTOR: Final = re.compile(rf"/?{_ELEMENT}(?:/{_ELEMENT})*(?:/(?:{_NODE}))?")
_UNPREFIXED: Final = re.compile(rf"(?P<before>(?:^|/|\[\s*))(?P<name>{_NAME})(?![A-Za-z0-9_.:(-])")
_QUOTED: Final = re.compile(r"""('[^']*'|"[^"]*")""")
_DEFAULT: Final = "default-namespace"


def apply(resource: Resource, patch: bytes) -> Resource:
    """The resource after all operations on its XML; neither argument is changed.

    Raises NotUnderstood for a patch that isn't XML, Invalid for one that is no XML Patch,
    Unprocessable for an operation that can't be done, or of which no FHIR comes out.
    """
    changed = apply_to_xml(xml.write(resource), patch)
    try:
        return xml.read(changed)
    except NotUnderstood as error:
        issue = error.issues[0]
        raise Unprocessable(
            f"after the XML Patch the resource isn't FHIR: {issue.text}",
            expression=issue.expression,
        ) from error


def apply_to_xml(document: bytes, patch: bytes) -> bytes:
    """The same for any document."""
    from lxml import etree  # noqa: PLC0415 - 10 MB that a server without XML Patches doesn't need

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    _refuse_declarations(patch)
    try:
        target = etree.fromstring(document, parser)
        diff = etree.fromstring(patch, parser)
    except etree.XMLSyntaxError as error:
        raise NotUnderstood(f"the XML Patch can't be read: {error.msg}") from error
    operations_ = [e for e in diff if isinstance(e.tag, str)]
    if not operations_:
        raise Invalid("an XML Patch needs operations: add, replace or remove")
    if len(operations_) > MAX_OPERATIONS:
        raise Invalid(f"an XML Patch must not have more than {MAX_OPERATIONS} operations")
    if len(operations_) * len(document) > MAX_WALKED:
        raise TooCostly("the XML Patch has too many operations for a resource of this size")
    for number, element in enumerate(operations_):
        name = etree.QName(element).localname
        if name not in operations:
            raise Invalid(f"an XML Patch has {', '.join(operations)}, and no other operations")
        operations[name](_Operation(target, element, number, name))
    return etree.tostring(target)


def _refuse_declarations(text: bytes) -> None:
    def refuse(*_: object) -> None:
        raise NotUnderstood("an XML Patch must not have a document type (<!DOCTYPE>)")

    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise NotUnderstood(
            f"the XML Patch is not well-formed: {reason} (line {error.lineno})"
        ) from error


operations: Registry[Act] = Registry("XML Patch operation")


class _Operation:
    """One operation on a document."""

    def __init__(
        self, target: etree._Element, element: etree._Element, number: int, name: str
    ) -> None:
        self.target = target
        self.element = element
        self.where = f"operation {number} of the XML Patch ({name})"

    @property
    def attributes(self) -> Mapping[str, str]:
        return {str(name): str(value) for name, value in self.element.attrib.items()}

    @property
    def text(self) -> str:
        return self.element.text or ""

    @property
    def nodes(self) -> list[etree._Element]:
        return list(self.element)

    def selected(self) -> Any:
        """The one node that `sel` selects."""
        selector = self.attributes.get("sel", "").strip()
        if not _SELECTOR.fullmatch(selector):
            raise Invalid(f"{self.where} needs a path of RFC 5261 in 'sel'")
        shown = selector[:MAX_SHOWN]
        declared = {p: u for p, u in self.element.nsmap.items() if p is not None}
        namespaces = {"f": FHIR, "h": XHTML, **declared}
        namespaces[_DEFAULT] = self.element.nsmap.get(None, FHIR)
        path = _with_default(selector if selector.startswith("/") else f"/{selector}")
        from lxml import etree  # noqa: PLC0415 - as above

        try:
            found: Any = self.target.getroottree().xpath(path, namespaces=namespaces)
        except etree.XPathError as error:
            raise Invalid(f"{self.where} has a path that can't be read: {shown}") from error
        if len(found) != 1:
            text = "nothing" if not found else f"{len(found)} nodes"
            raise Unprocessable(f"{self.where} must select one node, and selects {text}: {shown}")
        return found[0]

    def impossible(self, text: str) -> Unprocessable:
        return Unprocessable(f"{self.where} {text}")


def _with_default(selector: str) -> str:
    """The selector with names without a prefix in the patch's default namespace.

    https://www.rfc-editor.org/rfc/rfc5261#section-4.2.2
    """
    parts = _QUOTED.split(selector)
    parts[::2] = [_UNPREFIXED.sub(rf"\g<before>{_DEFAULT}:\g<name>", p) for p in parts[::2]]
    return "".join(parts)


@operations.register("add")
def _add(operation: _Operation) -> None:
    target = operation.selected()
    if not hasattr(target, "append"):
        raise operation.impossible("must select an element")
    kind = operation.attributes.get("type", "")
    if kind.startswith("@"):
        target.set(_attribute(operation, kind[1:]), operation.text)
        return
    if kind.startswith("namespace::"):
        return  # A declaration changes nothing: names are compared by their namespaces.
    if kind:
        raise operation.impossible("has a 'type' that is neither @name nor namespace::prefix")
    position = operation.attributes.get("pos")
    if position is None:
        _insert(target, len(target), operation)
    elif position == "prepend":
        _insert(target, 0, operation)
    elif position in {"before", "after"}:
        parent = target.getparent()
        if parent is None:
            raise operation.impossible("can't add beside the outermost element")
        _insert(parent, parent.index(target) + (position == "after"), operation)
    else:
        raise operation.impossible("needs a 'pos' of prepend, before or after")


def _attribute(operation: _Operation, name: str) -> str:
    if not re.fullmatch(_QNAME, name):
        raise operation.impossible("names no attribute")
    prefix, _, local = name.rpartition(":")
    uri = operation.element.nsmap.get(prefix) if prefix else None
    if prefix and uri is None:
        raise operation.impossible("has an attribute with a prefix that isn't declared")
    return f"{{{uri}}}{local}" if uri else local


def _insert(parent: etree._Element, at: int, operation: _Operation) -> None:
    """Put the operation's content before the child at an index."""
    _append_text(parent, at, operation.text)
    for node in operation.nodes:
        parent.insert(at, node)
        at += 1


def _append_text(parent: etree._Element, at: int, text: str) -> None:
    """Put text before the child at an index."""
    if not text:
        return
    if at == 0:
        parent.text = (parent.text or "") + text
    else:
        before = parent[at - 1]
        before.tail = (before.tail or "") + text


@operations.register("replace")
def _replace(operation: _Operation) -> None:
    found = operation.selected()
    if not hasattr(found, "append"):
        _set_text(found, operation.text)
        return
    nodes = operation.nodes
    parent = found.getparent()
    if (
        len(nodes) != 1
        or operation.text.strip()
        or isinstance(nodes[0].tag, str) != isinstance(found.tag, str)
    ):
        raise operation.impossible("needs one node of the same kind to put in the other's place")
    if parent is None:
        raise operation.impossible("can't replace the outermost element")
    nodes[0].tail = found.tail
    parent.replace(found, nodes[0])


@operations.register("remove")
def _remove(operation: _Operation) -> None:
    found = operation.selected()
    if not hasattr(found, "append"):
        _set_text(found, None)
        return
    parent = found.getparent()
    if parent is None:
        raise operation.impossible("can't remove the outermost element")
    _append_text(parent, parent.index(found), found.tail or "")
    found.tail = None
    parent.remove(found)


def _set_text(found: Any, text: str | None) -> None:
    """Change what a text or an attribute says; None removes it."""
    parent = found.getparent()
    if found.is_attribute:
        if text is None:
            del parent.attrib[found.attrname]
        else:
            parent.set(found.attrname, text)
    elif found.is_tail:
        parent.tail = text
    else:
        parent.text = text
