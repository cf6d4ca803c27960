"""The knowledge is made anew when content changes, and follows a loaded RxNorm."""

from __future__ import annotations

from fhirserver.prescribing.codes import RXNORM, Code
from fhirserver.prescribing.library import Medicines
from fhirserver.terminology.content import Concept, Property
from tests.prescribing.test_interaction_table import ROW, table


class Content:
    """ConceptMaps by address, and how often they were read."""

    def __init__(self, *maps):
        self.maps = {m["url"]: m for m in maps}
        self.generation = "1"
        self.reads = 0

    def find(self, resource_type, canonical):
        self.reads += 1
        return self.maps.get(canonical)

    def urls(self, resource_type):
        return list(self.maps)


class RxNorm:
    """A tiny release: a branded tablet of two ingredients, and one that leads in a circle."""

    CONCEPTS = {  # noqa: RUF012
        "brand": ("SBD", {"tradename_of": ["tablet"]}),
        "tablet": ("SCD", {"consists_of": ["one 5 MG", "two 10 MG"]}),
        "one 5 MG": ("SCDC", {"has_ingredient": ["one"]}),
        "two 10 MG": ("SCDC", {"has_precise_ingredient": ["two sodium"]}),
        "two sodium": ("PIN", {"form_of": ["two"]}),
        "one": ("IN", {"ingredient_of": ["one 5 MG"]}),
        "two": ("IN", {}),
        "circle": ("SCD", {"consists_of": ["circle"]}),
    }

    def concept(self, code):
        if code not in self.CONCEPTS:
            return None
        kind, relations = self.CONCEPTS[code]
        related = (Property(name, "Code", v) for name, found in relations.items() for v in found)
        return Concept(code, code, properties=(Property("TTY", "String", kind), *related))


def test_it_is_read_once_and_again_after_a_change():
    content = Content(table(ROW))
    medicines = Medicines(content, lambda _: None)

    assert medicines.known() is medicines.known()
    assert content.reads == 1
    content.maps, content.generation = {}, "2"
    assert medicines.known().interactions == {}


def test_a_retired_table_and_other_maps_are_passed_over():
    retired = table(ROW) | {"status": "retired"}
    other = table(ROW, url="urn:other") | {"useContext": []}

    assert Medicines(Content(retired, other), lambda _: None).known().interactions == {}


def test_a_product_of_a_loaded_rxnorm_leads_to_its_ingredients():
    known = Medicines(Content(), lambda url: RxNorm() if url == RXNORM else None).known()

    both = {Code(RXNORM, "one"), Code(RXNORM, "two")}
    assert known.ingredients_of([Code(RXNORM, "brand")]) == both
    assert known.is_told_apart([Code(RXNORM, "brand")])
    assert known.ingredients_of([Code(RXNORM, "one")]) == {Code(RXNORM, "one")}


def test_a_product_is_looked_up_once_until_content_changes():
    content, asked = Content(), []

    def release(url):
        asked.append(url)
        return RxNorm()

    medicines = Medicines(content, release)
    for _ in range(3):
        medicines.known().ingredients_of([Code(RXNORM, "brand"), Code(RXNORM, "nonsense")])
    assert len(asked) == 2
    content.generation = "2"
    medicines.known().ingredients_of([Code(RXNORM, "brand")])
    assert len(asked) == 3


def test_what_leads_nowhere_is_itself_and_unknown():
    known = Medicines(Content(), lambda _: RxNorm()).known()

    for code in (Code(RXNORM, "circle"), Code(RXNORM, "nonsense"), Code("urn:own", "one")):
        assert known.ingredients_of([code]) == {code}
        assert not known.is_told_apart([code])
