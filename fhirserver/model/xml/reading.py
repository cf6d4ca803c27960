"""XML text to the dict form, in one pass over the text and without a tree.

Expat reports each element where it stands. A document type ends the reading at once, so there are
no entities to expand and nothing to fetch; and depth is counted as elements open.

https://hl7.org/fhir/R4/xml.html
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final
from xml.parsers import expat

from fhirserver.errors import Issue, NotUnderstood
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.model.xml.frames import Frame, root_frame
from fhirserver.model.xml.narrative import Namespaces, div_text
from fhirserver.model.xml.primitives import CONVERT
from fhirserver.model.xml.shapes import FHIR, XHTML, Slot, is_resource

MAX_NARRATIVE_DEPTH: Final = 256
# Who makes more mistakes than this learns the rest after mending these.
MAX_ISSUES: Final = 100

_SEPARATOR: Final = " "
_ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
# Where a schema lies is of no use to us: https://www.w3.org/TR/xmlschema-1/#xsi_schemaLocation
_PASSED_OVER: Final = re.compile(
    r"http://www\.w3\.org/2001/XMLSchema-instance (?:noNamespaceS|s)chemaLocation(?: .*)?"
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


def read(body: bytes, *, max_depth: int = json.MAX_DEPTH) -> Resource:
    """The resource of an XML text.

    Raises NotUnderstood, whose issues name the line and the element, for what is not well-formed,
    has a document type, is nested deeper than `max_depth`, or has an element, an attribute or an
    order that the definitions don't know. Whether values are right is for the validation to say.
    """
    value, issues = survey(body, max_depth=max_depth)
    if issues:
        raise NotUnderstood(issues=issues)
    return value


def survey(body: bytes, *, max_depth: int = json.MAX_DEPTH) -> tuple[Resource, list[Issue]]:
    """What can be understood of an XML text, and what could not: for who wants to mend it.

    Elements and attributes that nobody knows are left out, those out of order are taken. Raises
    NotUnderstood like `read`, with what was found so far, for what can't be read to its end.
    """
    _refuse_other_encodings(body)
    value, issues = _Reading(body.removeprefix(BOM_UTF8), max_depth).resource()
    if json.depth(value) > max_depth:
        raise NotUnderstood(f"the body is nested deeper than {max_depth} levels")
    return value, issues


def _refuse_other_encodings(body: bytes) -> None:
    """Expat would guess UTF-16 whatever it is told: https://hl7.org/fhir/R4/http.html#mime-type."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise NotUnderstood(f"the body is not UTF-8 (line {line})") from error
    if b"\0" in body:
        raise NotUnderstood("the body has a NUL character, which XML doesn't allow")


class _Reading:
    """The state while one text is read."""

    def __init__(self, body: bytes, max_depth: int) -> None:
        self._body = body
        self._max_depth = max_depth
        self._root = root_frame()
        self._stack: list[Frame] = [self._root]
        self._namespaces = Namespaces()
        self._issues: list[Issue] = []
        # How deep it stands in an element that is passed over.
        self._skipped_depth = 0
        self._div_depth = 0
        self._div_start = 0
        self._div_is_plain = True
        parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.namespace_prefixes = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._document_type
        parser.StartNamespaceDeclHandler = self._namespaces.open
        parser.EndNamespaceDeclHandler = self._namespaces.close
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._parser = parser

    def resource(self) -> tuple[Resource, list[Issue]]:
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            text = f"the body is not well-formed XML: {expat.ErrorString(error.code)}"
            issue = _issue(text, error.lineno, error.offset + 1, None)
            raise NotUnderstood(issues=[*self._issues, issue]) from error
        finally:
            del self._parser  # It and its handlers, our methods, hold each other.
        if "" not in self._root.value:
            raise NotUnderstood(issues=self._issues)
        resource: Resource = self._root.value[""]
        return resource, self._issues

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self._end_with("the body must be in UTF-8")

    def _document_type(self, *_: object) -> None:
        raise self._end_with("the body must not have a document type (<!DOCTYPE>)")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._div_depth:
            self._inside_div(name, attributes)
            return
        if self._skipped_depth:
            self._skip()
            return
        if len(self._stack) > self._max_depth:
            raise self._end_with(f"the body is nested deeper than {self._max_depth} levels")
        namespace, local, *_ = name.split(_SEPARATOR) if _SEPARATOR in name else ("", name)
        parent = self._stack[-1]
        if parent.kind == "resource":
            self._start_resource(parent, namespace, local, attributes)
            return
        slot = parent.slots.get(local)
        wrong = self._misplaced(parent, slot, namespace, local)
        if slot is None or wrong is not None:
            self._note(wrong or "")
            self._skip()
            return
        if slot.order < parent.order:
            self._note(f"the element {slot.key} is out of order in {parent.shown}")
        parent.order = slot.order
        if slot.kind == "xhtml":
            self._div_start = self._parser.CurrentByteIndex
            self._div_depth = 1
            self._div_is_plain = name.count(_SEPARATOR) == 1
            return
        frame = Frame(slot, parent)
        self._stack.append(frame)
        for key, value in attributes.items():
            self._attribute(frame, key, value)

    def _misplaced(
        self, parent: Frame, slot: Slot | None, namespace: str, local: str
    ) -> str | None:
        """Why an element can't be taken; None when it can."""
        if slot is None or slot.is_attribute:
            return f"{_shown(local, namespace)} is not an element of {parent.shown}"
        if namespace != (XHTML if slot.kind == "xhtml" else FHIR):
            return f"the element {slot.key} is in the wrong namespace"
        if not slot.is_list and parent.has(slot):
            return f"the element {slot.key} may be there only once"
        return None

    def _start_resource(
        self, parent: Frame, namespace: str, local: str, attributes: dict[str, str]
    ) -> None:
        wrong = None
        if namespace != FHIR or not is_resource(local):
            text = f'must be a resource of FHIR R4, such as <Patient xmlns="{FHIR}">'
            wrong = f"the element {_shown(local, namespace)} {text}"
        elif parent.value:
            wrong = "there must be one resource only"
        if wrong is not None:
            self._note(wrong)
            self._skip()
            return
        frame = Frame.of_resource(local, parent)
        self._stack.append(frame)
        for key, value in attributes.items():
            self._attribute(frame, key, value)

    def _attribute(self, frame: Frame, key: str, value: str) -> None:
        if frame.kind == "primitive" and key == "value":
            try:
                frame.primitive = CONVERT[frame.type](value)
            except ValueError as error:
                self._note(f"the value {error}")
                frame.primitive = value
            return
        if key in frame.attributes:
            frame.value[key] = value
        elif _PASSED_OVER.fullmatch(key) is None:
            self._note(f"{_shown(key)} is not an attribute of {frame.shown}")
            frame.is_spoilt = True

    def _skip(self) -> None:
        """Pass over an element, which isn't told to be missing when the one around it ends."""
        self._skipped_depth += 1
        self._stack[-1].is_spoilt = True
        if self._skipped_depth + len(self._stack) > self._max_depth:
            raise self._end_with(f"the body is nested deeper than {self._max_depth} levels")

    def _inside_div(self, name: str, attributes: dict[str, str]) -> None:
        self._div_depth += 1
        if self._div_depth > MAX_NARRATIVE_DEPTH:
            raise self._end_with(
                f"the narrative is nested deeper than {MAX_NARRATIVE_DEPTH} levels"
            )
        if name.count(_SEPARATOR) != 1 or any(_SEPARATOR in key for key in attributes):
            self._div_is_plain = False

    def _end(self, name: str) -> None:
        if self._div_depth:
            self._div_depth -= 1
            if not self._div_depth:
                self._stack[-1].value["div"] = div_text(
                    self._body,
                    self._div_start,
                    self._parser.CurrentByteIndex,
                    None if self._div_is_plain else self._namespaces,
                )
            return
        if self._skipped_depth:
            self._skipped_depth -= 1
            return
        frame = self._stack[-1]
        is_empty = frame.is_empty()
        if is_empty and frame.kind == "primitive":
            self._note("the element is empty: it needs a value or an extension, or is left out")
            frame.primitive = ""
        elif is_empty and not frame.is_spoilt:
            self._note("the element is empty: leave it out instead")
        self._stack.pop()
        if not is_empty or frame.kind != "resource":
            # An empty one keeps its place, so that those after it keep their numbers.
            frame.close()

    def _text(self, text: str) -> None:
        if self._div_depth or self._skipped_depth or text.isspace():
            return
        frame = self._stack[-1]
        if not frame.has_text:
            frame.has_text = frame.is_spoilt = True
            self._note("the element has text: values belong in the attribute `value`")

    def _note(self, text: str) -> None:
        """Remember a mistake and go on."""
        self._issues.append(self._here(text))
        if len(self._issues) >= MAX_ISSUES:
            raise self._end_with("there are more mistakes than are told at once")

    def _end_with(self, text: str) -> NotUnderstood:
        """A mistake after which nothing more is read."""
        return NotUnderstood(issues=[*self._issues, self._here(text)])

    def _here(self, text: str) -> Issue:
        parser = self._parser
        path = self._stack[-1].path() or None
        return _issue(text, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, path)


def _issue(text: str, line: int, column: int, path: str | None) -> Issue:
    place = f"{text} (line {line}, column {column})"
    return Issue("error", NotUnderstood.code, place, path, line, column)


def _shown(name: str, namespace: str = FHIR) -> str:
    """A name if it could be FHIR's: another might be anything, patient data included."""
    if _NAME.fullmatch(name) is None:
        return "a name"
    return name if namespace == FHIR else f"{name} (of another namespace)"
