"""A profile as a tree of elements with their slices, read from a snapshot once.

https://hl7.org/fhir/R4/elementdefinition.html, https://hl7.org/fhir/R4/profiling.html#slicing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from fhirserver.model import definitions
from fhirserver.model.resource import Resource
from fhirserver.validation.limits import said_by

TYPE_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_LIMITS: Final = frozenset({"regex", "minLength", "maxDecimalPlaces", "mimeType", "maxSize"})
_SYSTEM_BASE: Final = "http://hl7.org/fhirpath/System."


@dataclass(frozen=True, slots=True)
class TypeOf:
    """A type that an element may have, and the profiles of it and of what it refers to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slicing:
    """How the values of an element are told apart; a discriminator is its type and its path."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """What the types of an element say of a value that has a type.

    `profiles` are those of which it must keep to one; `targets` and `aggregation` are a
    Reference's.
    """

    is_allowed: bool
    profiles: tuple[str, ...]
    targets: tuple[str, ...]
    aggregation: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a slice says at the path of a discriminator; `steps` is None for one not understood."""

    steps: tuple[tuple[str, str], ...] | None
    said: tuple[Element, ...]
    inherited: tuple[Any, ...]
    """What fixed and pattern values further up say there."""


@dataclass(slots=True, eq=False)
class Element:
    """One element of a profile; `values` are its fixed[x], pattern[x], minValue[x] ... by kind."""

    path: str
    name: str
    slice_name: str | None
    min: int
    max: int | None
    types: tuple[TypeOf, ...]
    values: Mapping[str, Any]
    binding: tuple[str, str] | None
    constraints: tuple[Mapping[str, Any], ...]
    """The invariants that the base doesn't have."""
    slicing: Slicing | None
    content_reference: str | None
    max_length: int | None
    max_value_set: str | None
    """Beyond an extensible or preferred binding: what a code must be one of in any case."""
    limits: Mapping[str, list[Any]]
    """What extensions say of length, pattern and decimal places."""
    adds: bool
    """Whether it says more than the base, whose rules hold anyway."""
    children: list[Element] = field(default_factory=list)
    slices: list[Element] = field(default_factory=list)
    checked: list[Element] = field(default_factory=list)
    """The children that say more than the base, or have something inside that does."""

    fits: dict[str, Fit] = field(default_factory=dict)
    """What `types` say of a node's type, kept by it."""
    said_at: dict[str, Said] = field(default_factory=dict)
    """Of a slice: what is said at the path of a discriminator, kept by it."""

    def fit(self, type_: str) -> Fit:
        """What its types say of a node of a type."""
        found = self.fits.get(type_)
        if found is None:
            found = self.fits[type_] = _fit(self.types, type_)
        return found

    @property
    def says_of_values(self) -> bool:
        """Whether it says anything of a value by itself."""
        return bool(self.values or self.limits) or self.max_length is not None

    def child(self, name: str) -> Element | None:
        """The definition of an element inside, without its slices."""
        return next((c for c in self.children if c.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A StructureDefinition, ready to be checked against; `by_id` has `Patient.name:official`."""

    url: str
    version: str | None
    type: str
    is_base: bool
    root: Element
    by_id: Mapping[str, Element]

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return self.url if self.version is None else f"{self.url}|{self.version}"


def _fit(types: tuple[TypeOf, ...], type_: str) -> Fit:
    fitting = [t for t in types if is_type(type_, t.code)]
    is_allowed = not types or bool(fitting) or "." in type_
    profiles = tuple(p for t in fitting for p in t.profiles)
    return Fit(
        is_allowed,
        profiles if all(t.profiles for t in fitting) else (),
        tuple(t for each in fitting for t in each.targets),
        frozenset(a for each in fitting for a in each.aggregation),
    )


@cache
def is_type(type_: str, wanted: str) -> bool:
    """Whether a type, or an element with children, is what a profile wants."""
    if type_ == wanted or wanted in {"", "*"}:
        return True
    known = definitions.load()
    if "." in type_:
        return wanted in {"Element", "BackboneElement"}
    return wanted in known.structure_names and known.is_a(type_, wanted)


def profile_of(definition: Resource) -> Profile | None:
    """The profile of a StructureDefinition with a snapshot; None without one."""
    elements = definition.get("snapshot", {}).get("element") or []
    if not elements:
        return None
    by_id: dict[str, Element] = {}
    made: list[Element] = []
    # The latest element at each path: the parent of what follows, whichever slice it is.
    latest: dict[str, tuple[str, Element]] = {}
    type_ = definition["type"].removeprefix(TYPE_BASE)
    known_keys = base_keys(type_)
    for e in elements:
        element = _element(e, known_keys)
        above, _, last = element.path.rpartition(".")
        parent_id, parent = latest.get(above, (above, None))
        id_ = f"{parent_id}.{last}" if above else last
        if element.slice_name is not None:
            id_ += f":{element.slice_name}"
        by_id.setdefault(id_, element)
        made.append(element)
        if parent is not None:
            _place(parent, element)
        latest[element.path] = id_, element
    # Parents come before what is inside: backwards, all inside has been looked at.
    for element in reversed(made):
        element.checked = [c for c in element.children if c.adds or c.checked or c.slices]
    return Profile(
        url=definition.get("url", ""),
        version=definition.get("version"),
        type=type_,
        is_base=definition.get("derivation") != "constraint",
        root=by_id[elements[0]["path"]],
        by_id=by_id,
    )


def _place(parent: Element, element: Element) -> None:
    """Among the parent's children, or as a slice of one: `a/b` re-slices the slice `a`."""
    siblings = [c for c in parent.children if c.path == element.path]
    if not siblings or element.slice_name is None:
        if not siblings:
            parent.children.append(element)
        return
    owner = siblings[0]
    parts = element.slice_name.split("/")
    for depth in range(1, len(parts)):
        name = "/".join(parts[:depth])
        owner = next((s for s in owner.slices if s.slice_name == name), owner)
    owner.slices.append(element)


def _element(e: Resource, known_keys: frozenset[str]) -> Element:
    path: str = e["path"]
    maximum = e.get("max", "*")
    binding = e.get("binding") or {}
    slicing = e.get("slicing")
    made = Element(
        path=path,
        name=path.rpartition(".")[2].removesuffix("[x]"),
        slice_name=e.get("sliceName"),
        min=e.get("min", 0),
        max=None if maximum == "*" else int(maximum),
        types=tuple(each for t in e.get("type", ()) for each in _types(t)),
        values={
            kind: value
            for key, value in e.items()
            for kind in ("fixed", "pattern", "minValue", "maxValue")
            if key.startswith(kind)
        },
        binding=(binding["strength"], binding["valueSet"]) if "valueSet" in binding else None,
        constraints=tuple(
            c
            for c in e.get("constraint", ())
            if "expression" in c and (c.get("key") not in known_keys or c.get("key") == "inv-1")
        ),
        slicing=None
        if slicing is None
        else Slicing(
            tuple((d.get("type", ""), d.get("path", "")) for d in slicing.get("discriminator", ())),
            slicing.get("rules", "open"),
            slicing.get("ordered", False),
        ),
        content_reference=e.get("contentReference"),
        max_length=e.get("maxLength"),
        max_value_set=_max_value_set(binding),
        limits={k: v for k, v in said_by(e.get("extension", ())).items() if k in _LIMITS},
        adds=True,
    )
    made.adds = _adds(made, e)
    return made


def _adds(made: Element, e: Resource) -> bool:
    """Whether an element says more than the element of the standard that it is made of."""
    base = e.get("base") or {}
    if (base.get("min"), base.get("max")) != (e.get("min"), e.get("max")):
        return True
    if made.values or made.constraints or made.limits or made.max_length is not None:
        return True
    if made.slice_name is not None or made.slicing is not None or made.max_value_set is not None:
        return True
    path: str = base.get("path", "")
    known = definitions.load()
    root = path.partition(".")[0]
    if root not in known.structure_names or "." not in path:
        return True
    origin = known.structure(root).elements.get(path)
    if origin is None:
        return True
    if made.binding is not None and made.binding[0] in {"required", "extensible"}:
        said = made.binding[1].partition("|")[0], made.binding[0]
        if origin.binding is None or said != (origin.binding.value_set, origin.binding.strength):
            return True
    types = {(t.code, frozenset(_name(p) for p in t.targets)) for t in made.types}
    return any(t.profiles or t.aggregation for t in made.types) or types != {
        (t.code, frozenset(t.targets)) for t in origin.types
    }


@cache
def base_keys(type_: str) -> frozenset[str]:
    """The invariants of the standard that values of a type meet anyway."""
    known = definitions.load()
    keys = {"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "txt-1", "txt-2"}
    if type_ not in known.structure_names:
        return frozenset(keys)
    structure = known.structure(type_)
    keys |= {c.key for c in structure.constraints}
    for e in structure.all_elements:
        keys |= {c.key for c in e.constraints}
        for t in e.types:
            if t.code in known.structure_names:
                keys |= {c.key for c in known.structure(t.code).constraints}
    return frozenset(keys)


def _max_value_set(binding: Resource) -> str | None:
    """https://hl7.org/fhir/R4/extension-elementdefinition-maxvalueset.html"""
    for extension in binding.get("extension", ()):
        if extension.get("url") == f"{TYPE_BASE}elementdefinition-maxValueSet":
            found: str | None = extension.get("valueCanonical") or extension.get("valueUri")
            return found
    return None


def _types(t: Resource) -> list[TypeOf]:
    """One type, or several, when its profiles are types of the standard: Resource as a Patient."""
    code: str = t.get("code", "")
    if code.startswith(_SYSTEM_BASE):
        code = _fhir_type(t) or code.removeprefix(_SYSTEM_BASE).lower()
    targets = tuple(t.get("targetProfile", ()))
    aggregation = tuple(t.get("aggregation", ()))
    profiles = _profiles(t)
    base = [p for p in profiles if is_base_type(p)]
    special = tuple(p for p in profiles if p not in base)
    found = [TypeOf(_name(p), (), targets, aggregation) for p in base]
    if special or not base:
        found.append(TypeOf(code.removeprefix(TYPE_BASE), special, targets, aggregation))
    return found


def _profiles(t: Resource) -> list[str]:
    """The profiles of a type; `url#id` is one of an element inside a profile.

    https://hl7.org/fhir/R4/extension-elementdefinition-profile-element.html
    """
    profiles: list[str] = list(t.get("profile", ()))
    for i, sibling in enumerate(t.get("_profile", ())):
        for extension in (sibling or {}).get("extension", ()):
            if extension.get("url", "").endswith("profile-element") and i < len(profiles):
                profiles[i] += f"#{extension.get('valueString', '')}"
    return profiles


def _name(canonical: str) -> str:
    return canonical.partition("|")[0].removeprefix(TYPE_BASE)


def _fhir_type(t: Resource) -> str | None:
    for extension in t.get("extension", ()):
        if extension.get("url", "").endswith("structuredefinition-fhir-type"):
            found: str | None = extension.get("valueUrl") or extension.get("valueUri")
            return found
    return None


def is_base_type(canonical: str) -> bool:
    """Whether a canonical names a type of the standard: it says no more than the type does."""
    name = _name(canonical)
    return name != canonical and name in definitions.load().structure_names
