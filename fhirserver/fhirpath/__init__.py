"""FHIRPath: parse once, compile to Python callables, evaluate in microseconds.

http://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html

    from fhirserver import fhirpath

    family = fhirpath.compile("Patient.name.family", "Patient")     # cached; raises errors.Invalid
    family(resource)                  # [("string", "Chalmers", None), ...]

    effective = fhirpath.compile("Observation.effective", "Observation")
    effective(resource)               # [("dateTime", "2012-01-01", None)] or [("Period", {}, None)]

    fhirpath.to_sql_jsonpath("Patient.telecom.where(system='email')", "Patient")
                                      # ('$."telecom"[*] ? (@."system" == "email")',)

`compile(expression, type)` returns an `Evaluate`; `Evaluate(resource, env=None)` returns a list of
`Typed`, in order. `type` is a resource type, a data type, or the path of a nested element
("Patient.contact"); the value given to Evaluate is the JSON of that type. "Resource" takes any.

A `Typed` is a plain tuple of three, `(type, value, extra)`:

- type: the FHIR type as its code ("code", "dateTime", "Quantity", "Patient"); a nested element's is
  its path ("Patient.contact"); what FHIRPath computed has a System type ("System.Boolean").
- value: the JSON value: dict for a complex type, str, int, bool or Decimal for a primitive. It is
  the caller's own object, not a copy: don't change it. None if a primitive has only extensions.
- extra: the `_birthDate` object ({"id", "extension"}) of a primitive that has one; else None.

An `Env` carries what an expression may reach besides the resource: variables, a resolver for
`resolve()`, a terminology service, profiles, a budget of steps and time. `resolve() is Patient`
needs no resolver.

Branches about other resource types (`Patient.name | Person.name` compiled for Patient) cost
nothing. Everything is thread-safe, and nothing that is evaluated is changed.
"""

from fhirserver.fhirpath.compiler import compile, compile_parsed, shape_of  # noqa: A004 - as re.compile
from fhirserver.fhirpath.env import Env, Profiles, Resolver, Terminology
from fhirserver.fhirpath.jsonpath import to_sql_jsonpath
from fhirserver.fhirpath.nodes import Evaluate, Typed
from fhirserver.fhirpath.parser import parse

__all__ = [
    "Env",
    "Evaluate",
    "Profiles",
    "Resolver",
    "Terminology",
    "Typed",
    "compile",
    "compile_parsed",
    "parse",
    "shape_of",
    "to_sql_jsonpath",
]
