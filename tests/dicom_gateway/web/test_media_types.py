"""Media types as clients write them."""

import pytest

from dicom_gateway.web.media_types import parse, parse_one
from fhirserver.errors import Invalid


def test_parameters_are_read_quoted_or_not():
    for text in (
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1',
        'multipart/related;type=application/dicom;transfer-syntax="1.2.840.10008.1.2.1"',
        "Multipart/Related; Type=Application/DICOM; transfer-syntax=1.2.840.10008.1.2.1",
    ):
        [found] = parse(text)
        assert (found.is_multipart, found.inner) == (True, "application/dicom")
        assert found.transfer_syntax == "1.2.840.10008.1.2.1"


def test_commas_inside_quotes_separate_nothing_and_the_most_wanted_comes_first():
    found = parse('a/b; x="1,2;3"; q=0.3, c/d, e/f; q=0, g/h;q=0.9')

    assert [m.name for m in found] == ["c/d", "g/h", "a/b"]
    assert found[2].parameters == {"x": "1,2;3"}


def test_without_the_header_everything_is_welcome():
    assert parse(None)[0].includes("application/dicom")
    assert parse(" ")[0].includes("image/png")
    assert not parse("image/*")[0].includes("application/dicom")


@pytest.mark.parametrize("text", ["a/b; q=high", "a/b," * 101 + "a/b", "a" * 9000])
def test_a_header_that_cannot_be_read_is_refused(text):
    with pytest.raises(Invalid):
        parse(text)


def test_the_boundary_keeps_its_case():
    assert parse_one("multipart/related; boundary=AbC").parameters["boundary"] == "AbC"
