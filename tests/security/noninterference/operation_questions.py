"""A question for every registered operation; a new one without is missed by the census."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from tests.security.noninterference.asking import Question
from tests.security.noninterference.questions import Questions
from tests.security.noninterference.records import body

Resource = dict[str, Any]
Make = Callable[["OperationQuestions"], Question]


class OperationQuestions:
    """Makes calls of operations from one random stream."""

    def __init__(self, random: Random, questions: Questions) -> None:
        self.random = random
        self.ask = questions

    def reading(self) -> Question:
        return self._of(READING)

    def writing(self) -> Question:
        return self._of(WRITING)

    def _of(self, ways: dict[str, Make]) -> Question:
        name = self.random.choice(list(ways))
        return self.named(name)

    def named(self, name: str) -> Question:
        """A call of an operation."""
        made = (READING | WRITING)[name](self)
        return Question(made.method, made.path, made.query, made.body, made.headers,
                        kind=f"${name}")  # fmt: skip

    def pick(self, values: Any) -> Any:
        return self.random.choice(list(values))

    def patient(self) -> str:
        return self.ask.id("Patient")


def _get(path: str, *query: tuple[str, str]) -> Question:
    return Question("GET", path, query)


def _post(path: str, *parameters: Resource) -> Question:
    made = {"resourceType": "Parameters", "parameter": list(parameters)}
    return Question("POST", path, body=made)


def _text(name: str, value: str, kind: str = "String") -> Resource:
    return {"name": name, f"value{kind}": value}


def _graphql(o: OperationQuestions) -> Question:
    kind, of = o.pick(["Observation", "Encounter", "Condition"]), o.patient()
    query = o.pick(
        [
            "{ " + kind + 'List(subject: "Patient/' + of + '") { id subject { resource { ... on '
            "Patient { id birthDate gender name { family } } } } } }",
            "{ PatientList(_count: 30) { id gender EncounterList(_reference: patient) "
            "{ id class { code } } } }",
            "{ " + kind + "Connection(_count: 4) { count first next edges { resource { id } } } }",
            '{ Patient(id: "' + of + '") { id name { family } managingOrganization { resource '
            "{ ... on Organization { id name } } } generalPractitioner { resource { ... on "
            "Practitioner { id } ... on Organization { id } } } } }",
        ]
    )  # fmt: skip
    return _get("$graphql", ("query", query))


def _diff(o: OperationQuestions) -> Question:
    where = o.ask.address()
    if o.random.random() < 0.5:
        return _get(f"{where}/$diff", ("fromVersion", o.pick("123")))
    return _get("$diff", ("from", f"{where}/_history/{o.pick('12')}"), ("to", o.ask.address()))


def _fhirpath(o: OperationQuestions) -> Question:
    expression = o.pick(["subject.resolve()", "id | subject.reference", "patient.resolve().name"])
    return _get(f"{o.ask.address()}/$fhirpath", ("expression", expression))


def _validate(o: OperationQuestions) -> Question:
    record = o.ask.record()
    made = _post(f"{record['resourceType']}/$validate", {"name": "resource", "resource": body(record)})  # fmt: skip
    if o.random.random() < 0.4:
        return _get(f"{o.ask.address()}/$validate")
    return made


def _match(o: OperationQuestions) -> Question:
    someone = {k: v for k, v in o.ask.record("Patient").items() if k != "id"}
    return _post("Patient/$match", {"name": "resource", "resource": body(someone)},
                 {"name": "count", "valueInteger": 5})  # fmt: skip


def _export(o: OperationQuestions) -> Question:
    of = o.pick(["", f"{o.patient()}", "nobody"])
    given = [{"name": "patient", "valueReference": {"reference": f"Patient/{of}"}}] if of else []
    made = _post("Patient/$export", *given, _text("_type", o.pick(["Patient", "Condition"])))
    return replace(made, headers={"Prefer": "respond-async"})


def _meta(o: OperationQuestions) -> Question:
    return _get(o.pick(["$meta", f"{o.ask.kind()}/$meta", f"{o.ask.address()}/$meta"]))


def _graph(o: OperationQuestions) -> Question:
    return _get(f"{o.ask.address()}/$graph", ("graph", "everything-nobody-defined"))


def _stats(o: OperationQuestions) -> Question:
    return _get("Observation/$stats", ("subject", f"Patient/{o.patient()}"), ("code", "8480-6"),
                ("system", "http://loinc.org"), ("statistic", "count"), ("statistic", "average"))  # fmt: skip


def _questionnaire() -> Resource:
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "url": "http://tests.example/q",
        "item": [{"linkId": "a", "text": "Name", "type": "string", "definition":
                  "http://hl7.org/fhir/StructureDefinition/Patient#Patient.name.family"}],
    }  # fmt: skip


def _populate(o: OperationQuestions) -> Question:
    return _post(
        "Questionnaire/$populate",
        {"name": "questionnaire", "resource": _questionnaire()},
        {"name": "subject", "valueReference": {"reference": f"Patient/{o.patient()}"}},
    )


def _extract(o: OperationQuestions) -> Question:
    answers = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://tests.example/q",
        "subject": {"reference": f"Patient/{o.patient()}"},
        "item": [{"linkId": "a", "answer": [{"valueString": "x"}]}],
    }
    return _post("QuestionnaireResponse/$extract", {"name": "questionnaire-response", "resource": answers})  # fmt: skip


def _merge(o: OperationQuestions) -> Question:
    return _post(
        "Patient/$merge",
        {"name": "source-patient", "valueReference": {"reference": f"Patient/{o.patient()}"}},
        {"name": "target-patient", "valueReference": {"reference": f"Patient/{o.patient()}"}},
        {"name": "preview", "valueBoolean": o.random.random() < 0.4},
    )


def _unmerge(o: OperationQuestions) -> Question:
    source = {"reference": f"Patient/{o.patient()}"}
    return _post("Patient/$merge-undo", {"name": "source-patient", "valueReference": source})


def _change_meta(name: str) -> Make:
    def make(o: OperationQuestions) -> Question:
        tag = {"system": "http://loinc.org", "code": o.pick(["x", "A1c"])}
        meta = {"name": "meta", "valueMeta": {"tag": [tag]}}
        return _post(f"{o.ask.address()}/${name}", meta)

    return make


def _expunge(o: OperationQuestions) -> Question:
    return _post(f"{o.ask.address()}/$expunge",
                 {"name": "expungePreviousVersions", "valueBoolean": True},
                 {"name": "expungeDeletedResources", "valueBoolean": True})  # fmt: skip


def _import_files(o: OperationQuestions) -> Question:
    parts = [{"name": "url", "valueUri": o.pick(["Binary/bin1", "https://files.example/1"])}]
    made = _post("$import", {"name": "input", "part": parts})
    return replace(made, headers={"Prefer": "respond-async"})


def _import(kind: str) -> Make:
    def make(o: OperationQuestions) -> Question:
        return _post(f"{kind}/$import", _text("system", "http://tests.example/none", "Uri"))

    return make


def _appointment(o: OperationQuestions) -> str:
    return f"Appointment/{o.ask.id('Appointment')}"


def _booking(name: str) -> Make:
    def make(o: OperationQuestions) -> Question:
        made = {
            "resourceType": "Appointment",
            "status": "proposed",
            "slot": [{"reference": "Slot/slot1"}],
            "participant": [
                {"actor": {"reference": f"Patient/{o.patient()}"}, "status": "accepted"}
            ],
        }
        if o.random.random() < 0.5:
            return _post(f"{_appointment(o)}/${name}")
        return _post(f"Appointment/${name}", {"name": "appointment-resource", "resource": made})

    return make


GENDERS = "http://hl7.org/fhir/administrative-gender"
_CODE = (("system", GENDERS), ("code", "male"))


def _view(o: OperationQuestions) -> Question:
    kind, path = o.pick(
        [
            ("Observation", "subject.getReferenceKey(Patient)"),
            ("Encounter", "status"),
            ("Patient", "name.family.first()"),
            ("Condition", "code.coding.code.first()"),
        ]
    )
    columns = [{"name": "id", "path": "getResourceKey()"}, {"name": "what", "path": path}]
    view = {"resource": kind, "status": "active", "select": [{"column": columns}]}
    more = [{"name": "patient", "valueReference": {"reference": f"Patient/{o.patient()}"}}]
    return _post("$viewdefinition-run", {"name": "viewResource", "resource": view},
                 {"name": "_format", "valueCode": o.pick(["json", "ndjson", "csv"])},
                 *more[: o.pick([0, 1])])  # fmt: skip


def _prescription(o: OperationQuestions) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "5640"}]},
        "subject": {"reference": f"Patient/{o.patient()}"},
    }


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def _metric(o: OperationQuestions) -> Question:
    metric = o.pick(["admissions", "occupancy", "no-show", "medication-orders", "readmission"])
    return _get("Measure/$evaluate-measure", ("measure", metric), ("periodStart", "2020-01-01"),
                ("periodEnd", "2026-12-31"))  # fmt: skip


def _trend(o: OperationQuestions) -> Question:
    code = o.pick(
        ["http://loinc.org|8867-4", "8867-4", "http://loinc.org|2823-3", "http://loinc.org|718-7"]
    )
    group = o.pick([(), (("age-from", "18"),), (("condition", "http://snomed.info/sct|38341003"),)])
    return _get("Observation/$cohort-trend", ("code", code), ("start", "2020-01-01"),
                ("end", "2026-12-31"), ("by", "month"), *group,
                *o.pick([(), (("members-of", "2026-01-01"),)]))  # fmt: skip


def _table(o: OperationQuestions) -> Question:
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary",
              "measure": "https://fhirserver.example/Measure/admissions",
              "period": {"start": "2026-01-01", "end": "2026-01-31"}}  # fmt: skip
    return _post("MeasureReport/$table", {"name": "report", "resource": report})


READING: dict[str, Make] = {
    "table": _table,
    "evaluate-measure": _metric,
    "viewdefinition-run": _view,
    "cohort-trend": _trend,
    "status": lambda o: _get(o.pick(["Subscription/$status", "Subscription/sub1/$status"])),
    "events": lambda o: _get("Subscription/sub1/$events"),
    "get-ws-binding-token": lambda o: _get("Subscription/sub1/$get-ws-binding-token"),
    "signing-secret": lambda o: _get("Subscription/sub1/$signing-secret"),
    "batch-validate-code": lambda o: _post("ValueSet/$batch-validate-code", {"name": "validation",
        "resource": {"resourceType": "Parameters", "parameter": [
            _text("url", "http://hl7.org/fhir/ValueSet/administrative-gender", "Uri"),
            _text("code", "male", "Code"), _text("system", GENDERS, "Uri")]}}),
    "capacity": lambda o: _get(o.pick(["Location/$capacity",
                                       f"Location/{o.ask.id('Location')}/$capacity"]),
                               ("devices", "all")),
    "check": lambda o: Question("POST", "MedicationRequest/$check", body=_prescription(o)),
    "convert": lambda o: Question("POST", "$convert", body=body(o.ask.record())),
    "diff": _diff,
    "disclosures": lambda o: _get(f"Patient/{o.patient()}/$disclosures"),
    "docref": lambda o: _get("DocumentReference/$docref", ("patient", o.patient())),
    "document": lambda o: _get(f"Composition/{o.pick(['com1', 'com2'])}/$document"),
    "everything": lambda o: _get(o.pick([f"Patient/{o.patient()}/$everything",
                                 f"Encounter/{o.ask.id('Encounter')}/$everything"])),
    "explain-access": lambda o: _get("$explain-access", ("user", "nobody"),
                                     ("resource", o.ask.address())),
    "expand": lambda o: _get("ValueSet/$expand",
                             ("url", "http://hl7.org/fhir/ValueSet/administrative-gender")),
    "export": _export,
    "extract": _extract,
    "fhirpath": _fhirpath,
    "find": lambda o: o.pick([
        _get("List/$find", ("patient", o.patient()), ("name", "$current-problems")),
        _get("Appointment/$find", ("start", "2026-01-01T00:00:00Z"), ("end", "2026-03-01T00:00:00Z"),
             ("practitioner", o.ask.id("Practitioner")), ("together", f"Patient/{o.patient()}"))]),
    "find-matches": lambda o: _post("CodeSystem/$find-matches",
                                    _text("system", GENDERS, "Uri"), _text("property", "x")),
    "graph": _graph,
    "graphql": _graphql,
    "ical": lambda o: _get(o.pick([f"Patient/{o.patient()}/$ical",
                           f"Practitioner/{o.ask.id('Practitioner')}/$ical"]),
                           ("start", "2020-01-01"), ("end", "2021-01-01")),
    "lastn": lambda o: _get("Observation/$lastn", ("patient", f"Patient/{o.patient()}"),
                            ("max", o.pick("12"))),
    "lookup": lambda o: _get("CodeSystem/$lookup", *_CODE),
    "match": _match,
    "medication-summary": lambda o: _get(f"Patient/{o.patient()}/$medication-summary"),
    "meta": _meta,
    "opened-by": lambda o: _get(f"DocumentReference/{o.ask.id('DocumentReference')}/$opened-by"),
    "occupancy": lambda o: _get(o.pick(["Location/$occupancy",
                                        f"Location/{o.ask.id('Location')}/$occupancy"])),
    "populate": _populate,
    "reindex-status": lambda o: _get("$reindex-status"),
    "stats": _stats,
    "subsumes": lambda o: _get("CodeSystem/$subsumes", ("system", GENDERS), ("codeA", "male"),
                               ("codeB", "female")),
    "summary": lambda o: _get(f"Patient/{o.patient()}/$summary"),
    "translate": lambda o: _get("ConceptMap/$translate", *_CODE),
    "validate": _validate,
    "validate-code": lambda o: _get("CodeSystem/$validate-code", ("url", GENDERS), _CODE[1]),
    "versions": lambda o: _get("$versions"),
}  # fmt: skip

WRITING: dict[str, Make] = {
    "book": _booking("book"),
    "break-glass": lambda o: _post(f"Patient/{o.patient()}/$break-glass",
                                   _text("purpose", "BTG", "Code"),
                                   _text("reason", "unconscious, and nobody knows")),
    "cancel": lambda o: _post(f"{_appointment(o)}/$cancel"),
    "closure": lambda o: _post("$closure", _text("name", "c")),
    "expunge": _expunge,
    "generate-slots": lambda o: _post("Schedule/sch1/$generate-slots",
                                      _text("start", "2026-01-05", "Date"),
                                      _text("end", "2026-01-06", "Date"),
                                      {"name": "minutes", "valuePositiveInt": 30}),
    "hold": _booking("hold"),
    "import": lambda o: o.pick([_import("CodeSystem"), _import("ConceptMap"), _import_files])(o),
    "install": lambda o: _post("$install", _text("package", b64encode(b"no package").decode(), "Base64Binary")),
    "merge": _merge,
    "merge-undo": _unmerge,
    "meta-add": _change_meta("meta-add"),
    "meta-delete": _change_meta("meta-delete"),
    "reindex": lambda o: _post(f"{o.ask.kind()}/$reindex"),
    "reindex-cancel": lambda o: _post("$reindex-cancel", {"name": "job", "valueInteger": 1}),
    "reschedule": lambda o: _post(f"{_appointment(o)}/$reschedule", {
        "name": "slot", "valueReference": {"reference": "Slot/slot1"}}),
}  # fmt: skip
