"""What an operation is: a function that a file registers under the operation's name.

https://hl7.org/fhir/R4/operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from fhirserver.access.access import Right
from fhirserver.access.principal import Principal
from fhirserver.errors import FhirError
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.page_links import PageState
from fhirserver.model import definitions
from fhirserver.registry import Registry

Level = Literal["system", "type", "instance"]
ANY: Final = "*"
"""In `types`: every resource type."""
HL7: Final = "http://hl7.org/fhir/OperationDefinition"
OURS: Final = "https://fhirserver.example/OperationDefinition"
BULK: Final = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
"""Where the addresses of OperationDefinitions begin: HL7's, those of ours in `profiles/`, and those
of the Bulk Data Access guide."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter. `type` is a FHIR datatype, a resource type, or `Resource` for any one;
    `*` takes any value or resource.

    `parts` are those of a parameter that has no value of its own. `max` is None without a limit.
    `is_checked` says that a resource must follow its definition before the operation sees it.
    `is_whole` hands over the parameter as it was sent, with its extensions and any parts; what is
    in an address is still a text.
    """

    name: str
    type: str = "string"
    min: int = 0
    max: int | None = 1
    parts: tuple[Parameter, ...] = ()
    is_checked: bool = True
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input parameters of a call: values by name, those of parts as Inputs of their own.

    `places` are where they were in a Parameters resource, as FHIRPath.
    """

    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    places: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    def all(self, name: str) -> Sequence[Any]:
        """All values of a parameter, in their order."""
        return self.values.get(name, ())

    def one(self, name: str) -> Any:
        """The value of a parameter that doesn't repeat; None when it isn't given."""
        given = self.values.get(name)
        return given[0] if given else None

    def text(self, name: str) -> str | None:
        """The same, of a parameter whose values are strings."""
        value = self.one(name)
        return None if value is None else str(value)

    def is_true(self, name: str, *, default: bool = False) -> bool:
        """The same, of a boolean parameter."""
        value = self.one(name)
        return default if value is None else bool(value)

    def place(self, name: str, number: int = 0) -> str | None:
        """Where a value was, for outcomes; None when it was in the address."""
        places = self.places.get(name, ())
        return places[number] if number < len(places) else None

    def __contains__(self, name: str) -> bool:
        return bool(self.values.get(name))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: the request, where it is made, and its input parameters.

    `others` are the parameters that an open operation doesn't declare, as names and texts: search
    parameters, for instance. `page` is what a page link remembers, when the call goes on with one.
    """

    request: FhirRequest
    level: Level
    inputs: Inputs
    others: tuple[tuple[str, str], ...] = ()
    page: PageState | None = None

    @property
    def principal(self) -> Principal:
        return self.request.principal

    @property
    def type(self) -> str | None:
        """The resource type of the address; None at system level."""
        return self.request.type

    @property
    def id(self) -> str | None:
        """The logical id of the address; None above instance level."""
        return self.request.id


Act = Callable[[Context, Call], FhirResponse]


@dataclass(frozen=True, slots=True)
class Wire:
    """How an operation talks with clients whose bodies are no FHIR.

    `media_types` are what it answers with, the usual one first; the one that the client prefers is
    `request.media_type`. Bodies of `text_types` come as they are, as text. `read` makes
    the call FHIR's: its parameters in the query or in a Parameters resource. `refuse` tells an
    error, where an OperationOutcome won't do. `formats` are short names of the media types that
    `_format` may say.
    """

    media_types: tuple[str, ...]
    text_types: tuple[str, ...] = ()
    read: Callable[[FhirRequest], FhirRequest] | None = None
    refuse: Callable[[FhirRequest, FhirError], FhirResponse] | None = None
    formats: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and what the CapabilityStatement says of it.

    `definition` is the canonical address of its OperationDefinition. `right`, if any, must be
    held for the type of the address; operations that reach resources only through `ctx.handle`
    need none, as each of their requests is authorized. `is_open`: takes parameters that it
    doesn't declare. `is_paged`: answers page by page (operation_answers.page). `takes_flawed`:
    tells itself what couldn't be understood of a body (`source.issues`), which others refuse.
    `wire`: what it understands and answers besides FHIR. `searches`: whether search parameters may
    matter to it; one that is asked thousands of times a second does without a look at them.
    """

    name: str
    definition: str
    levels: frozenset[Level]
    types: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    affects_state: bool
    right: Right | None
    is_open: bool
    act: Act
    is_paged: bool = False
    takes_flawed: bool = False
    wire: Wire | None = None
    searches: bool = True


operations: Registry[Operation] = Registry("operation")


def operation(
    name: str,
    *,
    definition: str,
    levels: Sequence[Level],
    types: Sequence[str] = (),
    parameters: Sequence[Parameter] = (),
    affects_state: bool = False,
    right: Right | None = None,
    is_open: bool = False,
    is_paged: bool = False,
    takes_flawed: bool = False,
    wire: Wire | None = None,
    searches: bool = True,
) -> Callable[[Act], Act]:
    """Register the decorated function as an operation on some types, or on the system.

    `name` is without the dollar sign. An operation at system level needs no types.
    """

    def add(act: Act) -> Act:
        made = Operation(
            name,
            definition,
            frozenset(levels),
            tuple(types),
            tuple(parameters),
            affects_state,
            right,
            is_open,
            act,
            is_paged,
            takes_flawed,
            wire,
            searches,
        )
        for key in keys(made):
            operations.register(key)(made)
        return act

    return add


def keys(made: Operation) -> list[str]:
    """Where an operation is registered: `Patient/$everything`, `*/$meta`, `$convert`."""
    found = [f"{t}/${made.name}" for t in made.types]
    return [*found, f"${made.name}"] if "system" in made.levels else found


def called(resource_type: str | None, name: str) -> Operation | None:
    """The operation of this name on a type, or on the system."""
    if resource_type is None:
        return operations.get(f"${name}")
    return operations.get(f"{resource_type}/${name}") or operations.get(f"{ANY}/${name}")


@cache
def operation_names() -> frozenset[str]:
    """The names of all operations, when all files have been discovered."""
    return frozenset(o.name for o in operations.values())


def on_type(resource_type: str) -> list[Operation]:
    """The operations at type or instance level of one type, by name."""
    found = {o.name: o for key, o in operations.items() if key.startswith(f"{ANY}/")}
    found |= {o.name: o for key, o in operations.items() if key.startswith(f"{resource_type}/")}
    return [found[name] for name in sorted(found)]


def on_system() -> list[Operation]:
    """The operations at system level, by name."""
    return sorted((o for k, o in operations.items() if k.startswith("$")), key=lambda o: o.name)


def resource_parameter(made: Operation) -> Parameter | None:
    """The only input that can't be in an address: a body may be just that resource.

    https://hl7.org/fhir/R4/operations.html#request
    """
    whole = [p for p in made.parameters if p.type[:1].isupper() or p.parts]
    return whole[0] if len(whole) == 1 and is_resource_type(whole[0].type) else None


def is_resource_type(type_name: str) -> bool:
    """Whether a parameter of this type holds a resource rather than a value."""
    return type_name == "Resource" or definitions.load().is_resource(type_name)
