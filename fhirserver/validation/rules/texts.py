"""Texts that look like HTML where FHIR has plain text: somebody may have put a script there.

https://hl7.org/fhir/R4/security.html#narrative
"""

from __future__ import annotations

import re
from typing import Any, Final

from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run

_TAG: Final = re.compile(r"<[A-Za-z!/]")
# A tag, as in `<script>` or `<r-code>`; an address in `<http://a.b>` is markdown's own.
_HTML_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9\-]*(?:\s[^<>]*)?/?>")


def _has_bracket(_run: Run, value: Any) -> bool:
    return type(value) is str and "<" in value


@rule("string", when=always(_has_bracket))
def plain_text(run: Run, node: Node) -> None:
    """A string without tags."""
    if isinstance(node.value, str) and _TAG.search(node.value):
        text = "looks like it has HTML tags, which a string must not have"
        run.report(run.options.html_in_text, "security", text, node)


@rule("markdown", when=always(_has_bracket))
def markdown(run: Run, node: Node) -> None:
    """Markdown without HTML. https://hl7.org/fhir/R4/datatypes.html#markdown"""
    if isinstance(node.value, str) and _HTML_TAG.search(node.value):
        text = "has what looks like an HTML tag, which markdown should not have"
        run.report(run.options.html_in_markdown, "security", text, node)
