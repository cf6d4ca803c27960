"""The XHTML of narratives."""

import pytest

from conformance.xhtml import run
from fhirserver.validation.narrative import content, xhtml

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
        f"{OPEN}<script>alert(1)</script></div>",
        f"{OPEN}<p onclick='alert(1)'>Ada</p></div>",
        f"{OPEN}<a href='javascript:alert(1)'>Ada</a></div>",
        f"{OPEN}<a href=' JaVa&#9;Script:alert(1)'>Ada</a></div>",
        f"{OPEN}<a href='data:text/html,x'>Ada</a></div>",
        f"{OPEN}<p style='x: expression(alert(1))'>Ada</p></div>",
        f"{OPEN}<svg xmlns='http://www.w3.org/2000/svg'/>Ada</div>",
        f"{OPEN}<img src='data:image/svg+xml,x' alt=''/></div>",
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


def test_the_finding_names_markup() -> None:
    found = xhtml(f"{OPEN}<script>alert(1)</script></div>")

    assert found is not None
    assert found[0].text.endswith("not script")


def test_a_narrative_without_text_is_stored_but_not_valid() -> None:
    assert xhtml(f"{OPEN} <br/> </div>") is None
    assert content(f"{OPEN} <br/> </div>") is not None
    assert content(f"{OPEN}<img src='#a' alt=''/></div>") is None


@pytest.mark.skipif(not run.DATA.exists(), reason="../shared/data/xhtml is not at hand")
def test_published_snippets_have_the_verdict_of_the_standard() -> None:
    assert run.main() == 0
