"""A code system that another terminology server answers for: another one of this kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from fhirserver.app import remote_dictionaries
from fhirserver.errors import Unavailable
from fhirserver.settings import InvalidSetting
from fhirserver.terminology.content import Filter, Selection

URL = "http://example.org/remote-animals"
ANIMALS = {
    "resourceType": "CodeSystem",
    "url": URL,
    "status": "active",
    "content": "complete",
    "hierarchyMeaning": "is-a",
    "concept": [
        {
            "code": "animal",
            "display": "Animal",
            "concept": [
                {
                    "code": "dog",
                    "display": "Dog",
                    "designation": [{"language": "de", "value": "Hund"}],
                },
                {"code": "cat", "display": "Cat"},
            ],
        }
    ],
}


@pytest.fixture
def base(app, client, token) -> Iterator[str]:
    """The FHIR base of a server on a real socket that lets everybody in."""
    client.put(f"/fhir/CodeSystem?url={URL}", json=ANIMALS)
    bearer = f"Bearer {token()}"

    def let_in(environ, start_response):
        return app({**environ, "HTTP_AUTHORIZATION": bearer}, start_response)

    server = make_server("127.0.0.1", 0, let_in, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/fhir"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def animals(base):
    found = remote_dictionaries(f"{URL}={base}").code_system(URL, None)
    assert found is not None
    return found


def test_a_code_is_looked_up(animals):
    dog = animals.concept("dog")

    assert dog.display == "Dog"
    assert ("Hund", "de") in {(d.value, d.language) for d in dog.designations}
    assert animals.concept("horse") is None


def test_the_hierarchy_is_asked_for(animals):
    assert animals.is_descendant("dog", "animal")
    assert not animals.is_descendant("animal", "dog")
    assert not animals.is_descendant("dog", "dog")


def test_codes_are_selected_and_counted(animals):
    below = Selection((Filter("concept", "descendent-of", "animal"),))

    assert [c.code for c in animals.select(below)] == ["dog", "cat"]
    assert animals.count(below) == 2
    assert [c.code for c in animals.select(Selection(text="do"))] == ["dog"]
    assert animals.matches(animals.concept("cat"), below.filters)


def test_a_server_that_does_not_answer_is_told(animals):
    silent = remote_dictionaries(f"{URL}=http://127.0.0.1:9/fhir").code_system(URL, None)

    with pytest.raises(Unavailable, match="doesn't answer"):
        silent.concept("dog")


def test_a_setting_that_is_none_is_told():
    with pytest.raises(InvalidSetting, match="SYSTEM=BASE"):
        remote_dictionaries("http://snomed.info/sct")
