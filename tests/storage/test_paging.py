"""Pages in every order while others write: each match once, as it was when the search began."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any, Self

import pytest

from tests.builders import a_batch, a_patient, an_entry, an_observation

HOST = "http://127.0.0.1:8000"
ROWS = 10_000
Page = dict[str, Any]


def ids(page: Page) -> list[str]:
    return [e["resource"]["id"] for e in page.get("entry", ()) if e["search"]["mode"] == "match"]


def link(page: Page, relation: str) -> str | None:
    return next((x["url"][len(HOST) :] for x in page["link"] if x["relation"] == relation), None)


def get(client: Any, url: str) -> Page:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.text[:500])
    page: Page = answer.json
    return page


def pages(client: Any, url: str) -> Iterator[Page]:
    """All pages from the first to the last."""
    following: str | None = url
    while following:
        page = get(client, following)
        yield page
        following = link(page, "next")


def back(client: Any, page: Page) -> Iterator[Page]:
    """The pages before this one, the nearest first."""
    while url := link(page, "previous"):
        page = get(client, url)
        yield page


def store(client: Any, resources: list[Page]) -> None:
    for start in range(0, len(resources), 1_000):
        entries = [
            an_entry("PUT", f"{r['resourceType']}/{r['id']}", r)
            for r in resources[start : start + 1_000]
        ]
        bundle = a_batch(*entries) | {"type": "transaction"}
        answer = client.post("/fhir", json=bundle)
        assert answer.status_code == 200, answer.text[:500]


OTHER = {"system": "s", "code": "other"}
STATUSES = ["final", "amended", "preliminary", "cancelled"]


def a_dated_observation(number: int, random: Random) -> Page:
    made = an_observation(id=f"o{number}", status=random.choice(STATUSES))
    if random.random() < 0.9:
        day, hour = random.randint(1, 28), random.randint(0, 23)
        made["effectiveDateTime"] = f"2024-{random.randint(1, 12):02}-{day:02}T{hour:02}:00:00Z"
    return made


def a_named_patient(number: int, random: Random) -> Page:
    made = a_patient(id=f"p{number}")
    del made["name"]
    if random.random() < 0.95:
        made["name"] = [
            {"family": random.choice("ABCÄÖZ") + str(random.randint(1, 900))}
            for _ in range(random.randint(1, 2))
        ]
    return made


@pytest.fixture(scope="module")
def stored(own_client: Any) -> None:
    """10,000 Observations and 10,000 Patients."""
    random = Random(7)
    store(own_client, [a_dated_observation(n, random) for n in range(ROWS)])
    store(own_client, [a_named_patient(n, random) for n in range(ROWS)])


class Writers:
    """Others who insert, update and delete until the block ends."""

    def __init__(self, client: Any, make: Any) -> None:
        self.client, self.make = client, make
        self.stopped = threading.Event()
        self.written = 0
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(2)]

    def _write(self, number: int) -> None:
        random = Random(number)
        while not self.stopped.is_set():
            at = random.choice([random.randrange(ROWS), ROWS + random.randrange(2_000)])
            resource = self.make(at, random)
            address = f"/fhir/{resource['resourceType']}/{resource['id']}"
            if random.random() < 0.2:
                self.client.application.test_client().delete(
                    address, environ_base=self.client.environ_base
                )
            else:
                self.client.application.test_client().put(
                    address, json=resource, environ_base=self.client.environ_base
                )
            self.written += 1
            time.sleep(0.01)

    def wait(self, count: int) -> None:
        """Until so much has been written, and more is under way."""
        ends = time.monotonic() + 120
        while self.written < count:
            assert time.monotonic() < ends, "nothing is written"
            time.sleep(0.01)

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize(
    ("url", "make"),
    [
        ("/fhir/Observation?_count=400", a_dated_observation),
        ("/fhir/Observation?_sort=-date&_count=400", a_dated_observation),
        ("/fhir/Observation?_sort=status,-date&_count=400", a_dated_observation),
        ("/fhir/Patient?_sort=family&_count=400", a_named_patient),
        ("/fhir/Patient?_sort=-_lastUpdated&_count=400", a_named_patient),
    ],
)
@pytest.mark.usefixtures("stored")
def test_no_match_is_missing_or_doubled_while_others_write(own_client, url, make):
    before = [r for page in pages(own_client, url) for r in page["entry"]]
    first = get(own_client, url)
    with Writers(own_client, make) as writers:
        writers.wait(20)
        walked = [first]
        while following := link(walked[-1], "next"):
            walked.append(get(own_client, following))
        backwards = list(back(own_client, walked[-1]))

    found = [e["resource"] for page in walked for e in page["entry"]]
    assert [r["id"] for r in found] == [e["resource"]["id"] for e in before]
    assert found == [e["resource"] for e in before]
    assert [ids(p) for p in backwards] == [ids(p) for p in reversed(walked[:-1])]


@pytest.fixture(scope="module")
def few(own_client: Any) -> list[Page]:
    """Encounters with periods, lengths, statuses and references, some with nothing to sort by."""
    random = Random(3)
    made = []
    for n in range(60):
        encounter: Page = {
            "resourceType": "Encounter",
            "id": f"e{n}",
            "status": random.choice(["planned", "finished"]),
            "class": {"code": random.choice(["AMB", "IMP"])},
        }
        if random.random() < 0.8:
            encounter["length"] = {"value": random.randint(1, 9), "unit": "h"}
        if random.random() < 0.8:
            encounter["period"] = {"start": f"2024-0{random.randint(1, 9)}-01"}
        if random.random() < 0.8:
            encounter["subject"] = {"reference": f"Patient/s{random.randint(1, 5)}"}
        made.append(encounter)
    store(own_client, made)
    return made


def value(key: str, encounter: Page) -> Any:
    return {
        "date": encounter.get("period", {}).get("start"),
        "length": encounter.get("length", {}).get("value"),
        "status": encounter["status"],
        "class": encounter["class"]["code"],
        "subject": encounter.get("subject", {}).get("reference"),
        "_id": encounter["id"],
    }[key]


SORTS = ["date", "-date", "length", "-length", "status", "-class", "subject", "-subject", "_id",
         "-_id", "status,-date", "-length,date", "class,-subject,length", "-date,-length",
         "_lastUpdated", "-_lastUpdated"]  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.usefixtures("few")
def test_pages_are_in_order_forwards_and_backwards(own_client, sort):
    walked = list(pages(own_client, f"/fhir/Encounter?_sort={sort}&_count=7"))

    found = [e["resource"] for page in walked for e in page["entry"]]
    assert len({r["id"] for r in found}) == len(found) == 60
    for one, following in pairwise(found):
        assert in_order(sort.split(","), one, following), (one, following)
    assert [ids(p) for p in back(own_client, walked[-1])] == [ids(p) for p in walked[-2::-1]]


def in_order(sort: list[str], one: Page, following: Page) -> bool:
    for key in sort:
        if key.endswith("_lastUpdated"):
            a, b = (r["meta"]["lastUpdated"] for r in (one, following))
        else:
            a, b = (value(key.removeprefix("-"), r) for r in (one, following))
        if a == b:
            continue
        if a is None or b is None:
            return b is None
        return (a > b) if key.startswith("-") else (a < b)
    return True


def test_repeated_values_sort_by_the_least_or_the_greatest(own_client):
    families = {"x1": ["M"], "x2": ["A", "Z"], "x3": ["B"], "x4": []}
    tag = {"system": "s", "code": "repeated"}
    resources = [
        {"resourceType": "Practitioner", "id": i, "meta": {"tag": [tag]},
         "name": [{"family": f} for f in names]}
        for i, names in families.items()
    ]  # fmt: skip
    for r in resources:
        if not r["name"]:
            del r["name"]
    store(own_client, resources)

    found = [
        ids(get(own_client, f"/fhir/Practitioner?_tag=repeated&_sort={sort}"))
        for sort in ("family", "-family", "name,_id", "-name,_id")
    ]

    assert found == [
        ["x2", "x3", "x1", "x4"],
        ["x2", "x1", "x3", "x4"],
        ["x2", "x3", "x1", "x4"],
        ["x2", "x1", "x3", "x4"],
    ]


@pytest.mark.parametrize("sort", ["", "&_sort=name", "&_sort=-name,_id"])
def test_a_later_page_shows_resources_as_they_were(own_client, sort):
    tag = {"system": "s", "code": f"then{len(sort)}"}
    before = [
        {"resourceType": "Organization", "id": f"t{len(sort)}-{n}", "name": f"N{n}",
         "meta": {"tag": [tag]}}
        for n in range(6)
    ]  # fmt: skip
    store(own_client, before)
    first = get(own_client, f"/fhir/Organization?_tag=then{len(sort)}&_count=2{sort}")
    shown = set(ids(first))

    rest = [r for r in before if r["id"] not in shown]
    store(own_client, [{**r, "name": "Changed", "meta": {"tag": [OTHER]}} for r in rest[:2]])
    own_client.delete(f"/fhir/Organization/{rest[2]['id']}")
    store(own_client, [{**before[0], "id": f"t{len(sort)}-new"}])

    following = list(pages(own_client, link(first, "next") or ""))
    found = [e["resource"] for p in following for e in p["entry"]]
    assert {r["id"]: r["name"] for r in found} == {r["id"]: r["name"] for r in rest}
    assert all(r["meta"]["versionId"] == "1" for r in found)


def test_history_pages_hold_every_version_once_while_others_write(own_client):
    for n in range(120):
        own_client.put("/fhir/Basic/h", json={**a_basic("h"), "author": {"display": str(n)}})
    before = {f"h/{n}" for n in range(1, 121)}

    for url in ("/fhir/Basic/h/_history?_count=9", "/fhir/Basic/_history?_count=9",
                "/fhir/_history?_count=200"):  # fmt: skip
        found = []
        for number, page in enumerate(pages(own_client, url)):
            found += [
                f"{e['resource']['id']}/{e['resource']['meta']['versionId']}"
                for e in page["entry"]
                if e.get("resource", {}).get("resourceType") == "Basic"
            ]
            own_client.put("/fhir/Basic/later", json=a_basic("later"))
            own_client.put(
                "/fhir/Basic/h", json={**a_basic("h"), "author": {"display": f"{url}{number}"}}
            )
            if number == 20:
                break
        ours = [v for v in found if v.startswith("h/")]
        assert len(ours) == len(set(ours))
        assert set(ours) >= before


def a_basic(id_: str) -> Page:
    return {"resourceType": "Basic", "id": id_, "code": {"text": "note"}}


def test_a_search_of_several_types_is_in_one_order(own_client):
    tag = {"system": "s", "code": "several"}
    store(
        own_client,
        [
            a_patient(id=f"v{n}", meta={"tag": [tag]}, birthDate=f"19{n}0-01-01")
            for n in range(5, 9)
        ]
        + [
            {"resourceType": "Practitioner", "id": f"w{n}", "meta": {"tag": [tag]},
             "name": [{"family": "Q"}]}
            for n in range(4)
        ],
    )  # fmt: skip
    for sort in ("", "&_sort=family", "&_sort=-_lastUpdated", "&_sort=-_id", "&_sort=family,_id"):
        url = f"/fhir?_type=Patient,Practitioner&_tag=several&_count=3{sort}"
        walked = list(pages(own_client, url))
        found = [i for p in walked for i in ids(p)]

        assert sorted(found) == ["v5", "v6", "v7", "v8", "w0", "w1", "w2", "w3"], sort
        assert [ids(p) for p in back(own_client, walked[-1])] == [ids(p) for p in walked[-2::-1]]
        if "family" in sort:
            assert {i[0] for i in found[:4]} == {"v"}
