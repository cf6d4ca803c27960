"""`is` and `as`, which are functions too.

http://hl7.org/fhirpath/N1/#types
"""

from __future__ import annotations

from fhirserver.errors import Invalid
from fhirserver.fhirpath import references, schema
from fhirserver.fhirpath.compiled import Compiled, Shape, boolean
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, form, operator_form
from fhirserver.fhirpath.nodes import EMPTY, Nodes, single


@operator_form("is")
@form("is")
def is_type(call: Call) -> Compiled:
    wanted = call.type_name(0)
    resolved = call.source.references
    if resolved is not None:
        # `resolve() is Patient` asks for the type alone, and the reference tells it.
        return boolean(lambda this, scope: references.are(resolved(this, scope), wanted, scope))
    source = call.source.run

    def test(this: Nodes, scope: Scope) -> bool | None:
        item = single(source(this, scope))
        return None if item is None else schema.is_a(item[0], wanted)

    return boolean(test)


@operator_form("as")
@form("as")
def as_type(call: Call) -> Compiled:
    """R4's own search parameters apply `as` to many items, so only strict expressions may not."""
    wanted, narrowed = call.type_name(0), of_type(call)
    if not call.strict:
        return narrowed
    if not call.source.shape.many:
        return Compiled(narrowed.run, narrowed.shape.one())
    source = call.source.run

    def checked(this: Nodes, scope: Scope) -> Nodes:
        items = source(this, scope)
        if len(items) > 1:
            raise Invalid("FHIRPath: as is for one item: use ofType()")
        return [n for n in items if schema.is_as(n[0], wanted)]

    return Compiled(checked, narrowed.shape.one())


@form("ofType")
def of_type(call: Call) -> Compiled:
    wanted = call.type_name(0)
    source, shape = call.source, call.source.shape
    if source.narrow is not None:
        return source.narrow(wanted)
    if shape.is_certain:
        assert shape.types is not None
        fitting = frozenset(t for t in shape.types if schema.is_as(t, wanted))
        if fitting == shape.types:
            return source
        if not fitting:
            return Compiled(lambda _this, _scope: EMPTY, Shape(frozenset({wanted}), shape.many))
    run = source.run
    return Compiled(
        lambda this, scope: [n for n in run(this, scope) if schema.is_as(n[0], wanted)],
        Shape(frozenset({wanted}), shape.many, shape.ordered),
    )
