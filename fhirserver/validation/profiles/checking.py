"""Whether a node conforms to a profile: each element's rules, then its slices'.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.errors import Invalid, Severity, TooCostly
from fhirserver.model import json
from fhirserver.validation.binding import check_binding
from fhirserver.validation.limits import broken, is_above, is_below
from fhirserver.validation.node import Node
from fhirserver.validation.profile import (
    Element,
    Fit,
    Profile,
    Slicing,
    is_base_type,
    is_type,
)
from fhirserver.validation.profiles import discriminators
from fhirserver.validation.profiles.patterns import is_fixed, is_like
from fhirserver.validation.run import Run, codings_of

_LONGEST_SHOWN: Final = 200
_BY_URL: Final = Slicing((("value", "url"),), "open", is_ordered=False)
_BY_TYPE: Final = Slicing((("type", "$this"),), "open", is_ordered=False)


def check_profile(run: Run, node: Node, canonical: str) -> bool:
    """Hold a node against a profile; False when the profile isn't known."""
    url, _, id_ = canonical.partition("#")
    profile = run.profiles.profile(url)
    if profile is None:
        return False
    element = profile.by_id.get(id_)
    if element is not None:
        _Checker(run, profile).element(element, node)
    else:
        _Checker(run, profile).check(node)
    return True


def slice_named(run: Run, canonical: str, name: str, nodes: Iterable[Node]) -> list[Node] | None:
    """The nodes that belong to a slice of a profile; None when there is no such slice."""
    profile = run.profiles.profile(canonical)
    if profile is None:
        return None
    # One name may be used at several elements: the nodes' own names tell which is meant.
    sliced = [e for e in profile.by_id.values() if any(s.slice_name == name for s in e.slices)]
    if not sliced:
        return None
    checker = _Checker(run, profile)
    found = []
    for node in nodes:
        for e in sliced:
            if node.name in {e.name, ""}:
                by = e.slicing.discriminators if e.slicing is not None else ()
                by = by or (_BY_URL if _is_extension(e) else _BY_TYPE).discriminators
                first = next((s for s in e.slices if checker.belongs(node, s, by)), None)
                if first is not None and first.slice_name == name:
                    found.append(node)
                    break
    return found


class _Checker:
    """Checks nodes against one profile within one run."""

    def __init__(self, run: Run, profile: Profile) -> None:
        self.run = run
        self.of = profile

    def check(self, node: Node) -> None:
        """The profile as a whole."""
        key = (id(node), self.of.name)
        # Two resources that refer to one another are each taken for right meanwhile.
        if key in self.run.doing or key in self.run.done:
            return
        if not is_type(node.type, self.of.type):
            self.run.error("structure", f"{self.of.name} is a profile of {self.of.type}", node)
            return
        self.run.doing.add(key)
        try:
            self.element(self.of.root, node)
        finally:
            self.run.doing.discard(key)
        self.run.done.add(key)

    def element(self, e: Element, node: Node) -> None:
        """One element that a node is known to be."""
        self.types(e, node)
        if e.says_of_values:
            self.values(e, node)
        if e.binding is not None:
            strength, value_set = e.binding
            # HL7's own vital signs break what their profile says of every component's value.
            is_open = strength == "required" and (len(e.types) > 1 or node.type == "Quantity")
            self.binding("extensible" if is_open else strength, value_set, node)
        if e.max_value_set is not None:
            self.binding("required", e.max_value_set, node)
        if e.constraints:
            self.constraints(e, node)
        # What a contentReference names is defined by the base, whose rules hold anyway.
        for child in e.checked:
            self.group(child, _named(node, child), node)

    def group(self, e: Element, nodes: list[Node], parent: Node) -> None:
        """All values of an element inside a parent."""
        self.count(e, len(nodes), parent)
        for node in nodes:
            self.element(e, node)
        if e.slices:
            self.slices(e, nodes, parent)

    def count(self, e: Element, found: int, parent: Node) -> None:
        """How often it must and may be there."""
        if e.min <= found and (e.max is None or found <= e.max):
            return
        what = e.name if e.slice_name is None else f"{e.name}:{e.slice_name}"
        if found < e.min:
            text = f"{what} is required" if e.min == 1 else f"{what} is required {e.min} times"
            self.run.error("required", f"{text}, found {found} ({self.of.name})", parent)
        elif e.max == 0:
            self.run.error("structure", f"{what} must be left out ({self.of.name})", parent)
        else:
            text = f"{what} must be there at most {e.max} times, found {found}"
            self.run.error("structure", f"{text} ({self.of.name})", parent)

    def types(self, e: Element, node: Node) -> None:
        """The types of an element, and their profiles."""
        fit = e.fit(node.type)
        if not fit.is_allowed:
            names = ", ".join(dict.fromkeys(t.code for t in e.types))
            self.run.error("structure", f"must be of type {names} ({self.of.name})", node)
            return
        if fit.profiles:
            self.any_profile(fit.profiles, node)
        if node.type == "Reference":
            self.reference(fit, node)

    def any_profile(self, profiles: tuple[str, ...], node: Node) -> None:
        """A node must conform to one of several profiles."""
        known = [p for p in profiles if self.profile(p.partition("#")[0]) is not None]
        if len(known) < len(profiles):
            missing = next(p for p in profiles if p not in known)
            if not known and node.type != "Extension":
                text = f"the profile {missing} isn't known: install the package that has it"
                self.run.report(self.run.options.unknown_profile, "not-found", text, node)
            return
        if len(known) == 1:
            check_profile(self.run, node, known[0])
        elif not any(self.conforms(node, p) for p in known):
            names = ", ".join(known)
            self.run.error("structure", f"must conform to one of {names} ({self.of.name})", node)

    def reference(self, fit: Fit, node: Node) -> None:
        """What a reference points at, as far as it can be seen from here."""
        text = node.text("reference")
        if text is None or not (fit.targets or fit.aggregation):
            return
        targets = fit.targets
        target = self.run.resolve(text, node)
        if fit.aggregation and _aggregation(text, target) not in fit.aggregation:
            kinds = " or ".join(sorted(fit.aggregation))
            self.run.error("structure", f"must be a {kinds} reference ({self.of.name})", node)
        if target is None or not targets:
            return
        special = [t for t in targets if not is_base_type(t)]
        if any(is_base_type(t) and is_type(target.type, _last(t)) for t in targets):
            return
        if any(self.run.profiles.profile(t) is None for t in special):
            return
        if not any(self.conforms(target, t) for t in special):
            names = ", ".join(targets)
            self.run.error("structure", f"must refer to one of {names} ({self.of.name})", node)

    def values(self, e: Element, node: Node) -> None:
        """Fixed and pattern values, limits and lengths."""
        values = e.values
        if "fixed" in values and not is_fixed(_plain(node), values["fixed"]):
            # The url of an extension is an attribute in XML: it is told at the extension.
            parent = node.parent
            is_url = node.name == "url" and parent is not None and parent.type == "Extension"
            where = parent if is_url and parent is not None else node
            self.run.error("value", f"must be {_shown(values['fixed'])} ({self.of.name})", where)
        if "pattern" in values and not is_like(_plain(node), values["pattern"]):
            text = f"must have all of {_shown(values['pattern'])} ({self.of.name})"
            self.run.error("value", text, node)
        if "minValue" in values and is_below(node, values["minValue"]):
            text = f"must not be below {_shown(values['minValue'])} ({self.of.name})"
            self.run.error("value", text, node)
        if "maxValue" in values and is_above(node, values["maxValue"]):
            text = f"must not be above {_shown(values['maxValue'])} ({self.of.name})"
            self.run.error("value", text, node)
        for code, text in broken(e.limits, node) if e.limits else ():
            self.run.error(code, f"{text} ({self.of.name})", node)
        is_long = e.max_length is not None and isinstance(node.value, str)
        if is_long and e.max_length is not None and len(node.value) > e.max_length:
            text = f"must not be longer than {e.max_length} characters ({self.of.name})"
            self.run.error("too-long", text, node)

    def binding(self, strength: str, value_set: str, node: Node) -> None:
        """A code in the value set of its binding: required and extensible ones are looked at."""
        base = None if node.property is None else node.property.element.binding
        is_base = base is not None and base.value_set == value_set.partition("|")[0]
        # The base's own is told by the base's rules.
        if strength == "required" or not is_base:
            check_binding(self.run, node, strength, value_set, self.of.name)

    def constraints(self, e: Element, node: Node) -> None:
        """The invariants that the profile adds to the base's."""
        for c in e.constraints:
            key, expression = c.get("key", ""), c["expression"]
            severity: Severity = "error" if c.get("severity") == "error" else "warning"
            if id(c) in self.run.given_up:
                continue
            # On an element that is a resource, %resource is the one around it.
            around = node.parent if node.is_resource and e is not self.of.root else None
            try:
                env = self.run.env(around or node)
                found = fhirpath.compile(expression, node.type)(node.value, env)
                is_met = len(found) == 1 and found[0][1] is not False
            except Invalid as error:
                text = f"{key} can't be evaluated: {error} ({self.of.name})"
                self.run.warning("processing", text, node)
                continue
            except TooCostly as error:
                # Once is enough: elsewhere it would cost as much.
                self.run.given_up.add(id(c))
                text = f"{key} wasn't evaluated to its end, here or further on: {error}"
                self.run.report(severity, "too-costly", f"{text} ({self.of.name})", node)
                continue
            if not is_met:
                text = f"{key}: {c.get('human', expression)}"
                self.run.report(severity, "invariant", text, node)

    def slices(self, e: Element, nodes: list[Node], parent: Node) -> None:
        """Sort the values into the slices, and hold each against its own."""
        slicing = e.slicing or (_BY_URL if _is_extension(e) else _BY_TYPE)
        by = slicing.discriminators
        if not by:
            by = _BY_URL.discriminators if _is_extension(e) else _BY_TYPE.discriminators
        members: dict[int, list[Node]] = {}
        furthest = -1
        is_at_end = False
        for node in nodes:
            place = next((i for i, s in enumerate(e.slices) if self.belongs(node, s, by)), None)
            if place is None:
                if slicing.rules == "closed":
                    names = ", ".join(s.slice_name or "" for s in e.slices)
                    text = f"must be one of the slices {names}: no others are allowed"
                    self.run.error("structure", f"{text} ({self.of.name})", node)
                is_at_end = True
                continue
            if slicing.rules == "openAtEnd" and is_at_end:
                text = f"is in a slice, so it must come before what is in none ({self.of.name})"
                self.run.error("structure", text, node)
            if slicing.is_ordered and place < furthest:
                names = ", ".join(s.slice_name or "" for s in e.slices)
                text = f"is out of order: the slices come as {names} ({self.of.name})"
                self.run.error("structure", text, node)
            furthest = max(furthest, place)
            members.setdefault(place, []).append(node)
        for i, s in enumerate(e.slices):
            self.group(s, members.get(i, []), parent)

    def belongs(self, node: Node, slice_: Element, by: Iterable[tuple[str, str]]) -> bool:
        """Whether a value is one of a slice."""
        # `value[x]` may be sliced by properties: valueQuantity.
        return discriminators.belongs(node, slice_, by, self)

    # What discriminators ask.

    def profile(self, canonical: str) -> Profile | None:
        return self.run.profiles.profile(canonical)

    def type_root(self, type_: str) -> Element | None:
        profile = self.run.profiles.profile(f"http://hl7.org/fhir/StructureDefinition/{type_}")
        return None if profile is None else profile.root

    def fits(self, node: Node, element: Element) -> bool:
        run = self.run.silent()
        _Checker(run, self.of).element(element, node)
        return not run.has_errors

    def conforms(self, node: Node, canonical: str) -> bool:
        run = self.run.silent()
        return check_profile(run, node, canonical) and not run.has_errors

    def is_bound(self, node: Node, value_set: str) -> bool:
        codings = codings_of(node.type, node.value)
        return any(self.run.codes.member_of(value_set, c) is True for c in codings)

    def resolve(self, reference: Node) -> Node | None:
        text = reference.text("reference") if reference.type == "Reference" else reference.value
        return self.run.resolve(text, reference) if isinstance(text, str) else None


def _named(node: Node, e: Element) -> list[Node]:
    found = node.named(e.name)
    if found or not e.types:
        return found
    # A profile may name a choice by one of its types: `valueQuantity`.
    for t in e.types:
        suffix = t.code[:1].upper() + t.code[1:]
        if e.name.endswith(suffix) and e.name != suffix:
            return [n for n in node.named(e.name.removesuffix(suffix)) if n.type == t.code]
    return found


def _shown(value: Any) -> str:
    """What a definition says, short enough for a message."""
    text = json.dump(value).decode()
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."


def _is_extension(e: Element) -> bool:
    return e.name in {"extension", "modifierExtension"}


def _plain(node: Node) -> Any:
    return node.value


def _last(canonical: str) -> str:
    return canonical.partition("|")[0].rpartition("/")[2]


def _aggregation(text: str, target: Node | None) -> str:
    if text.startswith("#"):
        return "contained"
    return "bundled" if target is not None else "referenced"
