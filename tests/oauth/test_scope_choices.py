"""What the consent page offers, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from fhirserver.oauth.scope_choices import Answers, choices, granted
from fhirserver.oauth.scope_words import resource_scope

LABORATORY = "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"


def answers(form: Mapping[str, Sequence[str]]) -> Answers:
    return lambda field: form.get(field, ())


def words(*scopes: str) -> list[str]:
    return [line.words for line in choices(scopes, scopes[0].partition("/")[0])]


def test_reading_finding_and_changing_are_told_apart():
    assert words("patient/Appointment.cruds") == [
        "Read appointments",
        "Add, change and delete appointments",
    ]
    assert words("patient/Appointment.s") == ["Find appointments"]
    assert words("patient/Appointment.u") == ["Change appointments"]


def test_the_first_version_of_scopes_has_the_same_words():
    assert words("patient/AllergyIntolerance.read") == ["Read allergies and intolerances"]
    assert words("user/*.write") == ["Add, change and delete everything"]


def test_a_category_has_words_of_its_own():
    assert words(f"patient/Observation.rs?{LABORATORY}") == ["Read laboratory results"]


def test_a_constraint_without_words_is_shown_as_it_is():
    assert words("user/Task.rs?status=requested&priority=stat") == [
        "Read tasks, only those with status requested and priority stat"
    ]


def test_a_type_without_words_is_named():
    assert words("user/Linkage.rs") == ["Read records of the type Linkage"]


def test_what_is_allowed_whole_comes_back_as_it_was_written():
    asked = ["launch/patient", "patient/Patient.read", "patient/Appointment.cruds"]
    form = {"read-1": ["all"], "read-2": ["all"], "change-2": ["all"]}

    assert granted(asked, answers(form)) == tuple(asked)


def test_reading_can_be_allowed_without_changing():
    form = {"read-0": ["all"]}

    assert granted(["patient/Appointment.cruds"], answers(form)) == ("patient/Appointment.rs",)


def test_observations_can_be_narrowed_to_a_category():
    line, _ = choices(["patient/Observation.cruds"], "patient")
    laboratory = next(part for part in line.parts if part.words == "laboratory results")
    form = {"read-0": ["some"], "read-0-part": [laboratory.value]}

    assert granted(["patient/Observation.cruds"], answers(form)) == (
        f"patient/Observation.rs?{LABORATORY}",
    )


def test_everything_can_be_narrowed_to_types():
    (line,) = choices(["user/*.read"], "user")
    wanted = [part.value for part in line.parts if part.scope.type in {"Flag", "Task"}]

    assert granted(["user/*.read"], answers({"read-0": ["some"], "read-0-part": wanted})) == (
        "user/Flag.rs",
        "user/Task.rs",
    )


def test_who_one_is_and_lasting_access_can_be_refused():
    asked = ["openid", "fhirUser", "offline_access", "patient/Goal.rs"]

    assert granted(asked, answers({"read-3": ["all"]})) == ("patient/Goal.rs",)
    assert granted(asked, answers({"identity": ["all"], "read-3": ["all"]})) == (
        "openid",
        "fhirUser",
        "patient/Goal.rs",
    )


def test_a_context_or_lasting_access_alone_is_nothing():
    asked = ["launch/patient", "offline_access", "patient/Goal.rs"]

    assert granted(asked, answers({"offline": ["all"]})) == ()


TYPES = st.sampled_from(["*", "Observation", "Condition", "Patient", "Task"])
RIGHTS = st.sampled_from(["read", "write", "*", "r", "s", "cud", "rs", "cruds"])
SCOPES = st.builds("{}/{}.{}".format, st.sampled_from(["patient", "user"]), TYPES, RIGHTS)
FIELDS = [
    f"{kind}-{n}{end}" for kind in ("read", "change") for n in range(4) for end in ("", "-part")
]
VALUES = st.lists(st.sampled_from(["all", "some", "none", "0", "1", "99", "user/*.cruds"]))


@given(st.lists(SCOPES, max_size=4), st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_no_answer_gives_more_than_was_asked_for(asked, form):
    for text in granted(asked, answers(form)):
        scope = resource_scope(text)
        assert scope is not None
        assert any(
            scope.context == other.context
            and other.type in {"*", scope.type}
            and set(scope.rights) <= set(other.rights)
            for other in map(resource_scope, asked)
            if other is not None
        )
