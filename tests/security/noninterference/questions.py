"""Random requests: every interaction, with the ways that have let others look around corners."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from random import Random
from typing import Any

from tests.security.noninterference.asking import Pairs, Question
from tests.security.noninterference.parameters import PARAMETERS
from tests.security.noninterference.records import COUNTS, Clinic, Queries, body
from tests.storage import random_records as pool

Resource = dict[str, Any]
SORTS = {
    "Patient": ["birthdate", "family", "given", "gender", "identifier", "general-practitioner"],
    "Observation": ["date", "code", "value-quantity", "patient", "status", "encounter"],
    "Encounter": ["date", "class", "participant", "length"],
    "Condition": ["onset-date", "code", "recorded-date"],
    "Appointment": ["date", "status", "actor"],
    "DocumentReference": ["date", "type"],
    "Practitioner": ["name", "family"],
    "Organization": ["name", "partof"],
    "Location": ["name", "near"],
}
# https://hl7.org/fhir/R4/compartmentdefinition.html: what is asked of each.
COMPARTMENTS = {
    "Patient": ["Observation", "Encounter", "Condition", "Appointment", "Group", "List", "*",
                "DocumentReference", "Provenance", "Consent", "CareTeam"],
    "Practitioner": ["Encounter", "Patient", "Appointment", "CareTeam", "*"],
    "Encounter": ["Observation", "Condition", "CareTeam", "*"],
}  # fmt: skip


class Questions:
    """Makes requests from one random stream."""

    def __init__(self, random: Random, updated: list[str]) -> None:
        self.random = random
        self.updated = updated
        self.clinic = Clinic(0)
        self.clinic.random = random
        self.queries = Queries(random, updated)

    def pick(self, values: Any) -> Any:
        return self.random.choice(list(values))

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def reading(self) -> Question:
        ways: dict[Callable[[], Question], int] = {
            self.read: 10, self.vread: 6, self.history: 4, self.type_history: 4,
            self.system_history: 2, self.search: 38, self.included: 10, self.paged: 9,
            self.system_search: 4, self.compartment: 7, self.known: 5, self.capabilities: 2,
            self.job: 3,
        }  # fmt: skip
        return self.random.choices(list(ways), list(ways.values()))[0]()

    def writing(self) -> Question:
        ways: dict[Callable[[], Question], int] = {
            self.create: 8, self.create_once: 10, self.update: 12, self.update_found: 8,
            self.patch: 12, self.delete: 8, self.delete_found: 6, self.transaction: 12,
            self.batch: 8,
        }  # fmt: skip
        return self.random.choices(list(ways), list(ways.values()))[0]()

    def kind(self) -> str:
        return str(self.pick(COUNTS))

    def id(self, kind: str) -> str:
        return "nobody" if self.maybe(0.05) else str(self.pick(self.clinic.ids[kind]))

    def address(self, kind: str | None = None) -> str:
        kind = kind or self.kind()
        return f"{kind}/{self.id(kind)}"

    # Reading

    def read(self) -> Question:
        query: Pairs = ()
        headers = {}
        if self.maybe(0.2):
            query = (("_summary", self.pick(["true", "data", "text", "false"])),)
        elif self.maybe(0.1):
            query = (("_elements", "status,subject"),)
        elif self.maybe(0.2):
            headers = {"If-None-Match": f'W/"{self.random.randint(1, 3)}"'}
        return Question("GET", self.address(), query, headers=headers, kind="read")

    def vread(self) -> Question:
        version = self.pick(["1", "1", "2", "2", "3", "4", "999999999999", "x"])
        return Question("GET", f"{self.address()}/_history/{version}", kind="vread")

    def history(self) -> Question:
        return Question("GET", f"{self.address()}/_history", self._span(), kind="history-instance")

    def type_history(self) -> Question:
        return Question("GET", f"{self.kind()}/_history", self._span(), kind="history-type")

    def system_history(self) -> Question:
        return Question("GET", "_history", self._span(), kind="history-system")

    def _span(self) -> Pairs:
        pairs = []
        if self.maybe(0.3):
            pairs.append((self.pick(["_since", "_at"]), self.pick(self.updated)))
        if self.maybe(0.7):
            pairs.append(("_count", self.pick(["2", "5", "20"])))
        return tuple(pairs)

    def search(self) -> Question:
        kind, pairs = self.queries.one()
        if self.maybe(0.1):
            pairs.append(("_summary", "count"))
        elif self.maybe(0.15):
            pairs += [("_total", self.pick(["accurate", "estimate"])), ("_count", "3")]
        else:
            pairs.append(("_count", "500"))
        if self.maybe(0.1):
            return Question("POST", f"{kind}/_search", tuple(pairs), kind="search-type")
        return Question("GET", kind, tuple(pairs), kind="search-type")

    def included(self) -> Question:
        kind, pairs = self.queries.one()
        if self.maybe(0.4):
            pairs = []
        for _ in range(self.random.randint(1, 2)):
            pairs.append(self.inclusion(kind))
        return Question("GET", kind, (*pairs, ("_count", self.pick(["4", "500"]))),
                        kind="search-type")  # fmt: skip

    def inclusion(self, kind: str) -> tuple[str, str]:
        mark = ":iterate" if self.maybe(0.25) else ""
        if self.maybe(0.12):
            return self.pick(["_include", "_revinclude"]) + mark, "*"
        if self.maybe(0.5):
            known = [n for n, p in PARAMETERS[kind].items() if p.kind == "reference"]
            if known:
                name = self.pick(known)
                targets = [t for t in PARAMETERS[kind][name].targets if t in COUNTS]
                target = f":{self.pick(targets)}" if self.maybe(0.3) else ""
                return "_include" + mark, f"{kind}:{name}{target}"
        ways = [
            f"{source}:{name}"
            for source, known in PARAMETERS.items()
            for name, p in known.items()
            if p.kind == "reference" and kind in p.targets
        ]
        return ("_revinclude" + mark, self.pick(ways)) if ways else ("_include", "*")

    def paged(self) -> Question:
        kind = self.pick(SORTS)
        sign = self.pick(["", "-"])
        pairs = [] if self.maybe(0.6) else self.queries.one()[1] and [self.queries.pair(kind)]
        sort = self.pick([*SORTS[kind], "_lastUpdated", "_id"])
        if sort != "near":
            pairs.append(("_sort", sign + sort))
        pairs.append(("_count", self.pick(["1", "2", "3", "7"])))
        if self.maybe(0.3):
            pairs.append(("_total", "accurate"))
        return Question("GET", kind, tuple(pairs), kind="search-type")

    def system_search(self) -> Question:
        kinds = self.random.sample(list(COUNTS), self.random.randint(1, 4))
        pairs = [] if self.maybe(0.3) else [("_type", ",".join(kinds))]
        pairs.append(
            self.pick(
                [
                    ("_id", f"{self.id(kinds[0])},{self.id(kinds[-1])}"),
                    ("_lastUpdated", f"{self.pick(['ge', 'lt'])}{self.pick(self.updated)}"),
                    ("_tag", self.pick(pool.CODES)),
                    ("_security", self.pick(["R", "V", "PSY"])),
                    ("_security:not", "R"),
                ]
            )
        )
        pairs.append(("_count", self.pick(["5", "500"])))
        if self.maybe(0.3):
            return Question("POST", "_search", tuple(pairs), kind="search-system")
        return Question("GET", "", tuple(pairs), kind="search-system")

    def compartment(self) -> Question:
        of = self.pick(COMPARTMENTS)
        searched = self.pick(COMPARTMENTS[of])
        pairs: Pairs = (("_count", self.pick(["3", "500"])),)
        if searched != "*" and self.maybe(0.4):
            pairs += (self.queries.pair(searched),)
        return Question("GET", f"{of}/{self.id(of)}/{searched}", pairs, kind="search-compartment")

    def known(self) -> Question:
        """By id, alone or among others; for what is hidden it is as good as a read."""
        kind = self.kind()
        ids = ",".join(self.id(kind) for _ in range(self.random.randint(1, 5)))
        pairs: Pairs = (("_id", ids),)
        if self.maybe(0.3):
            pairs += (("_summary", "count"),)
        return Question("GET", kind, pairs, kind="search-type")

    def capabilities(self) -> Question:
        return Question("GET", "metadata", kind="capabilities")

    def job(self) -> Question:
        """About an export or import of somebody else's, or that never was."""
        where = "bulk/00000000-0000-4000-8000-000000000000"
        kind = self.pick(["bulk-status", "bulk-cancel", "bulk-file"])
        if kind == "bulk-file":
            where += "/1"
        return Question("DELETE" if kind == "bulk-cancel" else "GET", where, kind=kind)

    # Writing

    def record(self, kind: str | None = None) -> Resource:
        kind = kind or self.kind()
        return self.clinic.again(kind, self.id(kind))

    def identified(self) -> tuple[str, str]:
        """A type, and a search by identifier that finds none, one or several."""
        kind = self.pick(["Patient", "Encounter", "Observation", "Appointment", "Organization",
                          "DocumentReference"])  # fmt: skip
        system = self.pick(["", "", f"{self.pick(pool.SYSTEMS)}|"])
        text = f"identifier={system}n{self.random.randint(1, 14)}"
        if self.maybe(0.3):
            text += f"&_id={self.id(kind)}"
        return kind, text

    def criteria(self) -> tuple[str, str]:
        if self.maybe(0.5):
            return self.identified()
        kind = self.kind()
        return kind, f"_id={self.id(kind)}"

    def new(self, kind: str | None = None) -> Resource:
        return {k: v for k, v in self.record(kind).items() if k != "id"}

    def create(self) -> Question:
        made = self.new()
        return Question("POST", made["resourceType"], body=body(made), kind="create",
                        headers=self._preference())  # fmt: skip

    def create_once(self) -> Question:
        kind, criteria = self.criteria()
        headers = {"If-None-Exist": criteria, **self._preference()}
        return Question("POST", kind, body=body(self.new(kind)), headers=headers, kind="create")

    def update(self) -> Question:
        record = self.record()
        headers = self._preference()
        if self.maybe(0.3):
            headers["If-Match"] = f'W/"{self.random.randint(1, 3)}"'
        elif self.maybe(0.1):
            headers["If-None-Match"] = "*"
        where = f"{record['resourceType']}/{record['id']}"
        return Question("PUT", where, body=body(record), headers=headers, kind="update")

    def update_found(self) -> Question:
        kind, criteria = self.criteria()
        made = self.record(kind) if self.maybe(0.2) else self.new(kind)
        return Question("PUT", kind, _pairs(criteria), body=body(made), kind="update")

    def patch(self) -> Question:
        kind = self.pick(["Patient", "Observation", "Encounter", "Condition", "Appointment"])
        element, value = {
            "Patient": ("active", True),
            "Observation": ("status", "final"),
            "Encounter": ("status", "finished"),
            "Condition": ("recordedDate", "2020"),
            "Appointment": ("status", "cancelled"),
        }[kind]
        headers = self._preference()
        if self.maybe(0.2):
            headers["If-Match"] = f'W/"{self.random.randint(1, 3)}"'
        way = self.pick(["json-patch", "merge-patch", "subject", "test"])
        change: Any
        if way == "merge-patch":
            change, how = {element: value}, "merge-patch"
        elif way == "subject" and kind in ("Observation", "Condition"):
            moved = {"reference": self.address("Patient")}
            change, how = [{"op": "add", "path": "/subject", "value": moved}], "json-patch"
        else:
            change = [{"op": "add", "path": f"/{element}", "value": value}]
            how = "json-patch"
            if way == "test":
                change.insert(0, {"op": "test", "path": f"/{element}", "value": value})
        path, query = f"{kind}/{self.id(kind)}", ()
        if self.maybe(0.25):
            path, query = kind, _pairs(f"_id={self.id(kind)}")
        return Question("PATCH", path, query, change, headers, how, kind="patch")

    def delete(self) -> Question:
        headers = {"If-Match": f'W/"{self.random.randint(1, 3)}"'} if self.maybe(0.2) else {}
        return Question("DELETE", self.address(), headers=headers, kind="delete")

    def delete_found(self) -> Question:
        kind, criteria = self.criteria()
        return Question("DELETE", kind, _pairs(criteria), kind="delete")

    def transaction(self) -> Question:
        return self._bundle("transaction", [self.entry(n) for n in range(self._some())])

    def batch(self) -> Question:
        entries = [self.entry(n) for n in range(self._some())]
        entries += [self._asked(self.reading()) for _ in range(self._some())]
        return self._bundle("batch", entries)

    def _bundle(self, kind: str, entries: list[Resource]) -> Question:
        made = {"resourceType": "Bundle", "type": kind, "entry": entries}
        return Question("POST", "", body=made, kind="bundle", headers=self._preference())

    def _some(self) -> int:
        return self.random.randint(1, 3)

    def entry(self, number: int) -> Resource:
        """A change, or (in one of six) a question."""
        way = self.random.random()
        if way < 0.15:
            return self._asked(self.pick([self.read, self.search, self.vread])())
        if way < 0.45:
            return self._with_conditions(number)
        made = self.pick([self.create, self.create_once, self.update, self.update_found,
                          self.delete, self.delete_found, self._patch_entry])()  # fmt: skip
        return self._asked(made) if isinstance(made, Question) else made

    def _with_conditions(self, number: int) -> Resource:
        """An Observation of a patient who is named by a search."""
        kind, criteria = self.identified()
        made = self.new("Observation")
        made["subject"] = {"reference": f"Patient?{criteria}"}
        if kind == "Encounter":
            made["encounter"] = {"reference": f"Encounter?{criteria}"}
        return {
            "fullUrl": f"urn:uuid:7d7e0a2c-0000-4000-8000-00000000000{number}",
            "resource": body(made),
            "request": {"method": "POST", "url": "Observation"},
        }

    def _patch_entry(self) -> Resource:
        asked = self.patch()
        data = b64encode(json.dumps(asked.body).encode()).decode()
        media = f"application/{asked.patch_format}+json"
        return {
            "resource": {"resourceType": "Binary", "contentType": media, "data": data},
            "request": _request(asked),
        }

    def _asked(self, question: Question) -> Resource:
        if question.path.endswith("_search"):
            question = Question("GET", question.path.removesuffix("_search").strip("/"),
                                question.query)  # fmt: skip
        made: Resource = {"request": _request(question)}
        if question.body is not None:
            made["resource"] = question.body
        return made

    def _preference(self) -> dict[str, str]:
        return {"Prefer": "return=representation"} if self.maybe(0.6) else {}


def _pairs(text: str) -> Pairs:
    return tuple((p.partition("=")[0], p.partition("=")[2]) for p in text.split("&"))


_HEADERS = {"If-Match": "ifMatch", "If-None-Match": "ifNoneMatch", "If-None-Exist": "ifNoneExist"}


def _request(question: Question) -> Resource:
    from urllib.parse import urlencode

    query = f"?{urlencode(question.query)}" if question.query else ""
    made = {"method": question.method, "url": f"{question.path}{query}" or "Patient"}
    return made | {_HEADERS[k]: v for k, v in question.headers.items() if k in _HEADERS}
