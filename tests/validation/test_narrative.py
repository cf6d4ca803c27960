"""The XHTML of narratives."""

import pytest

from fhirserver.validation.narrative import xhtml

OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    "text",
    [
        f"{OPEN}Ada</div>",
        f"  {OPEN}<p>a &amp; b &#160; <img src='#a' alt=''/></p></div>\n",
        '<div xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_a_well_formed_div_is_valid(text: str) -> None:
    assert xhtml(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada",
        "<div>Ada</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">Ada</p>',
        f"{OPEN}<p>Ada</div>",
        f"{OPEN}Ada</div><div/>",
        f"{OPEN}&nbsp;</div>",
        f"{OPEN}\ud800</div>",
        f"<!DOCTYPE html>{OPEN}Ada</div>",
        f"{OPEN}<?php echo 1 ?></div>",
        None,
        1,
    ],
)
def test_anything_else_is_refused(text: object) -> None:
    assert xhtml(text) is not None


def test_the_finding_does_not_repeat_the_text() -> None:
    found = xhtml(f"{OPEN}<Lovelace></div>")

    assert found is not None
    assert "Lovelace" not in found[0].text
