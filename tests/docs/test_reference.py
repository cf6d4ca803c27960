"""The reference pages say what the code says."""

import pytest

import fhirserver.web.errors  # noqa: F401 - defines an error of its own
from docs import reference


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_page_is_what_the_code_says(name: str) -> None:
    written = (reference.FOLDER / name).read_text()

    assert written == reference.PAGES[name](), "run python -m docs.reference"
