"""What a query selects from objects of each type, checked before anything is read.

A selection is worked out for a type when it is first needed for it, and then remembered: a query
that meets a thousand patients is looked at once.
https://spec.graphql.org/October2021/#sec-Validation
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionSetNode,
)

from fhirserver.errors import FhirError, Invalid, TooCostly
from fhirserver.graphql import arguments
from fhirserver.graphql.budget import Budget
from fhirserver.graphql.documents import Document
from fhirserver.graphql.fields import (
    CONNECTION,
    EDGE,
    QUERY,
    Definition,
    Kind,
    Place,
    Selected,
    define,
    type_name,
)
from fhirserver.graphql.mistakes import short, wrong
from fhirserver.search.parameters import Parameters

Sets = tuple[SelectionSetNode, ...]
"""Selections of one field: several when it is selected in several places."""


class Selection(NamedTuple):
    """The fields that are selected from a type; which nodes of the query those are, and which
    can't be selected from it, and why not."""

    fields: Sequence[Selected]
    known: Sequence[FieldNode]
    refused: Sequence[tuple[FieldNode, FhirError | None]]


@dataclass(slots=True)
class _Collected:
    """What has been collected of a selection so far; a fragment counts once."""

    fields: dict[str, list[Selected]] = field(default_factory=dict)
    known: list[FieldNode] = field(default_factory=list)
    refused: list[tuple[FieldNode, FhirError | None]] = field(default_factory=list)
    fragments: set[str] = field(default_factory=set)


_ABSTRACT: Final = frozenset({"Resource", "DomainResource"})


class Selections:
    """The selections of one query."""

    def __init__(
        self, document: Document, parameters: Parameters, budget: Budget, max_depth: int
    ) -> None:
        self._document = document
        self._parameters = parameters
        self._definitions = parameters.definitions
        self._budget = budget
        self._max_depth = max_depth
        # Nodes are told apart by where they are: those of equal text are equal, too.
        self._found: dict[tuple[tuple[int, ...], Place], Selection] = {}
        self._heights: dict[tuple[tuple[int, ...], frozenset[Place]], tuple[int, int]] = {}

    def root(self) -> Sets:
        return (self._document.operation.selection_set,)

    def of(self, sets: Sets, place: Place) -> Selection:
        """What is selected from objects of a type."""
        key = (tuple(map(id, sets)), place)
        found = self._found.get(key)
        if found is None:
            collected = _Collected()
            for one in sets:
                self._collect(one, place, collected)
            fields = [f for same in collected.fields.values() for f in same]
            found = Selection(fields, collected.known, collected.refused)
            self._found[key] = found
        return found

    def check(self, place: Place) -> None:
        """Raise Invalid or TooCostly if the query isn't right for a root of this type."""
        self._check(self.root(), frozenset({place}), 1)

    def _check(self, sets: Sets, places: frozenset[Place], depth: int) -> tuple[int, int]:
        """How many levels are below, and how many fields, when fragments are written out."""
        key = (tuple(map(id, sets)), places)
        height = self._heights.get(key)
        if height is None:
            if depth > self._max_depth:
                raise self._too_deep()
            height = self._looked_at(sets, places, depth)
            self._heights[key] = height
        if depth + height[0] - 1 > self._max_depth:
            raise self._too_deep()
        return height

    def _looked_at(self, sets: Sets, places: frozenset[Place], depth: int) -> tuple[int, int]:
        known: set[int] = set()
        refused: dict[int, tuple[FieldNode, FhirError | None]] = {}
        below: dict[tuple[int, ...], tuple[Sets, set[Place]]] = {}
        fields = 0
        for place in sorted(places):
            selection = self.of(sets, place)
            fields = max(fields, len(selection.fields))
            refused |= {id(node): (node, why) for node, why in selection.refused}
            known.update(map(id, selection.known))
            for selected in selection.fields:
                if selected.of is not None:
                    inside = below.setdefault(tuple(map(id, selected.below)),
                                              (selected.below, set()))  # fmt: skip
                    inside[1].update(self._possible(selected))
        for number, (node, why) in refused.items():
            if number not in known:
                if why is not None:
                    raise why
                names = sorted(type_name(p) for p in places)
                where = names[0] if len(names) == 1 else "any of the types it can be here"
                raise wrong(f"there is no field {short(node.name.value)} on {where}", node)
        levels = 0
        for inner, inner_places in below.values():
            height, count = self._check(inner, frozenset(inner_places), depth + 1)
            levels = max(levels, height)
            fields += count
        # A fragment that doubles what the one before it has is paid for, not walked through.
        if fields > self._budget.points:
            raise TooCostly("the query has too many fields, when its fragments are written out")
        return levels + 1, fields

    def _too_deep(self) -> TooCostly:
        return TooCostly(f"the query is nested deeper than {self._max_depth} levels of fields")

    def _possible(self, selected: Selected) -> Sequence[Place]:
        """The types that the values of a field can have."""
        assert selected.of is not None
        if selected.kind is Kind.RESOLVED:
            return [Place(t) for t in selected.targets]
        if selected.of.path in _ABSTRACT:
            return [Place(t) for t in self._definitions.resource_types]
        return [selected.of]

    def _collect(self, sets: SelectionSetNode, place: Place, collected: _Collected) -> None:
        """https://spec.graphql.org/October2021/#CollectFields()"""
        for node in sets.selections:
            self._budget.spend()
            if not arguments.is_included(node.directives or (), self._document.variables):
                continue
            match node:
                case FieldNode():
                    try:
                        selected = self._selected(node, place)
                    except Invalid as error:
                        # What is a name here may be an object on another type that it can be.
                        collected.refused.append((node, error))
                        continue
                    if selected is None:
                        collected.refused.append((node, None))
                    else:
                        collected.known.append(node)
                        _merge(collected.fields.setdefault(selected.key, []), selected)
                case InlineFragmentNode():
                    arguments.only_inclusion(node.directives or ())
                    if node.type_condition is None or self._is(place, node.type_condition):
                        self._collect(node.selection_set, place, collected)
                case FragmentSpreadNode():
                    arguments.only_inclusion(node.directives or ())
                    name = node.name.value
                    fragment = self._document.fragments.get(name)
                    if fragment is None:
                        raise wrong(f"there is no fragment {short(name)}", node)
                    if name not in collected.fragments:
                        collected.fragments.add(name)
                        if self._is(place, fragment.type_condition):
                            self._collect(fragment.selection_set, place, collected)

    def _is(self, place: Place, condition: NamedTypeNode) -> bool:
        """Whether objects of a type are what a fragment is for."""
        name = condition.name.value
        if name == type_name(place):
            return True
        if not self._is_type(name):
            raise wrong(f"there is no type {short(name)}", condition)
        root = place.path
        if root in {QUERY, CONNECTION, EDGE} or "." in root or name not in self._names:
            return False
        return self._definitions.is_a(root, name)

    @property
    def _names(self) -> Sequence[str]:
        return self._definitions.structure_names

    def _is_type(self, name: str) -> bool:
        if name in self._names or name == QUERY:
            return True
        for suffix in (CONNECTION, EDGE):
            if self._definitions.is_resource(name.removesuffix(suffix)):
                return True
        # A nested element: PatientContact.
        return any(name.startswith(t) for t in self._definitions.resource_types)

    def _selected(self, node: FieldNode, place: Place) -> Selected | None:
        name = node.name.value
        found = define(name, place, self._definitions)
        if found is None:
            return None
        given = arguments.values(node.arguments, self._document.variables)
        arguments.check(node, given, found, place, self._parameters)
        wanted = arguments.directives(node.directives or (), self._document.variables)
        if found.of is None and node.selection_set is not None:
            raise wrong(f"{short(name)} is a simple value: nothing can be selected in it", node)
        if found.of is not None and node.selection_set is None:
            raise wrong(f"{short(name)} is an object: select what you want of it", node)
        if wanted.flatten and found.of is None:
            raise wrong("@flatten is for objects", node)
        made = Selected(
            key=node.alias.value if node.alias else name,
            name=name,
            kind=found.kind,
            node=node,
            is_list=found.is_list,
            of=found.of,
            targets=self._targets(found, place, given.get("type")),
            property=found.property,
            arguments=given,
            directives=wanted,
            below=() if node.selection_set is None else (node.selection_set,),
        )
        return self._with_expressions(made, found)

    def _with_expressions(self, made: Selected, found: Definition) -> Selected:
        path = self._searched(found)
        if "fhirpath" in made.arguments:
            where = arguments.compiled(made.arguments["fhirpath"], path, made.node)
            made = replace(made, where=where)
        label = made.directives.slice
        if label is not None and label != arguments.INDEX:
            made = replace(made, sliced=arguments.compiled(label, path, made.node))
        return made

    def _searched(self, found: Definition) -> str:
        """The type that an expression about a field is evaluated on."""
        if found.of is None:
            return found.property.type_code if found.property else "string"
        return found.of.targets[0] if found.of.path in {CONNECTION, EDGE} else found.of.path

    def _targets(self, found: Definition, place: Place, wanted: str | None) -> tuple[str, ...]:
        """The types that a reference's resource can be of."""
        if found.kind is not Kind.RESOLVED:
            return ()
        if wanted is not None:
            return (wanted,)
        named = place.targets
        if not named or not set(named).isdisjoint(_ABSTRACT):
            return self._definitions.resource_types
        return named


def _merge(same: list[Selected], selected: Selected) -> None:
    """Fields of one name are one field. https://spec.graphql.org/October2021/#sec-Field-Selection-Merging"""
    for number, other in enumerate(same):
        if other.name != selected.name:
            raise wrong(f"{short(selected.key)} is the name of two different fields", selected.node)
        if (other.arguments, other.directives) == (selected.arguments, selected.directives):
            same[number] = replace(other, below=other.below + selected.below)
            return
        if selected.kind is not Kind.RESOLVED:
            raise wrong(
                f"{short(selected.key)} is selected twice, with different arguments: give one of "
                "them another name",
                selected.node,
            )
    # https://hl7.org/fhir/R4/graphql.html#references: resource(type: Patient) beside
    # resource(type: Group); only one of them has something.
    same.append(selected)
