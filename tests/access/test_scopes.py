"""https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""

from __future__ import annotations

import pytest

from fhirserver.access.access import NOTHING
from fhirserver.access.enforcement import allowed_by_scopes, check
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import covered, scope_of, scopes
from fhirserver.errors import Forbidden, Invalid
from fhirserver.search.parameters import base_parameters
from fhirserver.search.query import And
from fhirserver.search.site import site_of
from fhirserver.settings import Settings

PARAMETERS = base_parameters()
SITE = site_of(Settings())


def rows(text, resource_type, right, patient=None):
    return allowed_by_scopes(scopes(text), patient, resource_type, right, PARAMETERS, SITE)


@pytest.mark.parametrize(
    ("word", "context", "type_", "rights"),
    [
        ("patient/Observation.rs", "patient", "Observation", "rs"),
        ("user/*.cruds", "user", "*", "cruds"),
        ("system/Patient.read", "system", "Patient", "rs"),
        ("user/Patient.write", "user", "Patient", "cud"),
        ("patient/*.*", "patient", "*", "cruds"),
        ("user/Patient.d", "user", "Patient", "d"),
    ],
)
def test_both_versions_are_read(word, context, type_, rights):
    found = scope_of(word)

    assert (found.context, found.type, found.rights) == (context, type_, frozenset(rights))


def test_parameters_are_unescaped():
    found = scope_of("patient/Observation.rs?category=http%3A%2F%2Fx.example|a%2Cb&code=c")

    assert found.constraints == (("category", "http://x.example|a,b"), ("code", "c"))


def test_other_scopes_are_left_out_but_checked():
    assert scopes("openid fhirUser launch/patient offline_access") == ()
    with pytest.raises(Invalid):
        scopes("openid email")


@pytest.mark.parametrize("text", ["", " ", "patient/Observation.rs\tx", "x" * 20_000])
def test_a_list_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        scopes(text)


@pytest.mark.parametrize(
    ("whole", "part", "beyond"),
    [
        ("patient/*.rs", "patient/Observation.rs", []),
        ("patient/*.rs", "patient/Observation.read", []),
        ("patient/*.rs", "patient/Observation.rs?category=x", []),
        ("patient/*.r patient/*.s", "patient/*.rs", []),
        ("patient/Observation.rs?category=x", "patient/Observation.rs", ["patient/Observation.rs"]),
        ("patient/*.rs", "user/*.rs", ["user/*.rs"]),
        ("patient/*.rs", "patient/*.cruds", ["patient/*.cruds"]),
        ("patient/Observation.rs", "patient/*.rs", ["patient/*.rs"]),
        ("patient/*.rs", "openid", ["openid"]),
        ("openid patient/*.rs", "openid", []),
    ],
)
def test_what_is_covered_may_be_asked_for(whole, part, beyond):
    assert covered(whole.split(), part.split()) == beyond


def test_scopes_of_a_patient_are_about_their_rows():
    assert rows("patient/*.rs", "Patient", "r", "p1") not in {None, And(())}
    assert rows("patient/*.rs", "Observation", "s", "p1") not in {None, And(())}
    assert rows("patient/*.rs", "Observation", "s") is None
    assert rows("patient/*.rs", "Practitioner", "r", "p1") == And(())
    assert rows("patient/*.cruds", "Practitioner", "u", "p1") is None
    assert rows("patient/*.cruds", "Basic", "c", "p1") is not None
    assert rows("patient/*.rs", "AuditEvent", "r", None) is None


def test_several_scopes_add_up():
    one = rows("user/Observation.rs?category=a", "Observation", "r")
    both = rows("user/Observation.rs?category=a user/Observation.rs?category=b", "Observation", "r")
    whole = rows("user/Observation.rs?category=a user/Observation.r", "Observation", "r")

    assert one is not None
    assert both.conditions[0] == one
    assert whole == And(())


def test_a_parameter_that_is_gone_lets_nothing_through():
    assert rows("user/Observation.rs?gone=a", "Observation", "r") == NOTHING
    with pytest.raises(Invalid, match="can't be enforced"):
        check(scopes("user/Observation.rs?gone=a"), PARAMETERS, SITE)


@pytest.mark.parametrize("scope", ["patient/*.rs", "user/Observation.rs?category=a"])
def test_without_the_means_to_enforce_a_scope_it_allows_nothing(scope):
    principal = Principal("x", scopes(scope), patient="p1")

    with pytest.raises(Forbidden):
        principal.require("r", "Observation")
