"""The chapter of the DICOM conformance statement about DICOMweb (PS3.18), from what is served."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from flask import Flask
from pydicom.uid import UID

from dicom_gateway import web
from dicom_gateway.mapping import wrapped
from dicom_gateway.operating.workitems import NEXT
from dicom_gateway.rendering import limits, syntaxes
from dicom_gateway.web import frames, parameters, storing, taking
from dicom_gateway.web.deleting import REASONS
from dicom_gateway.web.rendered import FORMATS

_TRANSACTIONS: Final = (
    ("workitem", "UPS-RS worklist service (11)"),
    ("wado_uri", "WADO-URI (9)"),
    ("search", "QIDO-RS search (10.6)"),
    ("store", "STOW-RS store (10.5)"),
    ("delete", "Delete"),
    ("move", "A series goes to another study (our own)"),
    ("wrap", "Pictures and PDFs as instances (our own)"),
    ("rendered", "WADO-RS rendered (10.4.1.1.3)"),
    ("thumbnail", "WADO-RS thumbnail (10.4.1.1.4)"),
    ("metadata", "WADO-RS metadata (10.4.1.1.2)"),
    ("frames", "WADO-RS pixel data (10.4.1.1.6)"),
    ("bulkdata", "WADO-RS bulk data (10.4.1.1.5)"),
    ("", "WADO-RS instances (10.4.1.1.1)"),
)
"""By a part of the name of the function that serves it."""
_FAILURES: Final = (
    (taking.NO_RESOURCES, "no room, or it is too large"),
    (taking.OTHER_STUDY, "of another study than the address says"),
    (taking.UNREADABLE, "it can't be read as DICOM"),
    (taking.DUPLICATE, "the instance is there with other content: both are kept"),
    (taking.NOT_ALLOWED, "the study is there, and the caller may not see it"),
)


def chapter() -> str:
    """DICOMweb: addresses, media types, transfer syntaxes, statuses, limits."""
    parts = [_addresses(), _syntaxes(), _storing(), _workitems(), _bounds()]
    return "\n".join(parts)


def _addresses() -> str:
    app = Flask(__name__, root_path=".")
    nobody = cast("Any", None)
    app.register_blueprint(web.blueprint(nobody, nobody))
    rows = sorted(
        (_transaction(rule.endpoint), rule.rule, ", ".join(sorted(_methods(rule.methods))))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("dicom_web.")
    )
    lines = [
        "## DICOMweb\n",
        "Origin server of PS3.18 below `/dicom-web`, by HTTP/1.1. Callers have access tokens of "
        "OAuth 2.0 with SMART scopes; a study belongs to its ImagingStudy, a workitem to its Task. "
        "JSON only (`application/dicom+json`), no XML; the query parameters `accept` and `charset` "
        "are understood, the character set is UTF-8. Errors are OperationOutcomes in JSON.\n",
        "| Transaction | Address | Methods |",
        "| --- | --- | --- |",
        *(f"| {name} | `{address}` | {methods} |" for name, address, methods in rows),
    ]
    return "\n".join(lines) + "\n"


def _transaction(endpoint: str) -> str:
    return next(name for part, name in _TRANSACTIONS if part in endpoint)


def _methods(methods: Iterable[str] | None) -> set[str]:
    return {m for m in methods or () if m not in {"HEAD", "OPTIONS"}}


def _syntaxes() -> str:
    lines = [
        "### Retrieving\n",
        "Instances and frames are sent as they are stored where the caller takes that "
        "(`transfer-syntax=*` always works); without `transfer-syntax` in Explicit VR Little "
        "Endian. Decoded are those of the second column, made those of the third; what can't be "
        "sent as it is asked for is answered with 406.\n",
        "| Transfer syntax | decoded | made | media type of a frame |",
        "| --- | --- | --- | --- |",
    ]
    for uid in sorted(syntaxes.DECODED | syntaxes.MEDIA_TYPE.keys(), key=_in_order):
        made = uid in syntaxes.ENCODED | {syntaxes.IMPLICIT}
        of_frames = "frames of 8 bits" if uid == syntaxes.JPEG_BASELINE else "no"
        lines.append(
            f"| {UID(uid).name} | {_yes(uid in syntaxes.DECODED)} "
            f"| {'yes' if made else of_frames} | `{syntaxes.media_type(uid)}` |"
        )
    lines.append(
        "\nOf JPEG Extended images of 8 bits are decoded. Rendered pictures and thumbnails are "
        f"{', '.join(f'`{name}`' for name in FORMATS)}; `window`, `viewport` and `quality` are "
        "applied, `annotation` and `iccprofile` are refused.\n"
    )
    return "\n".join(lines)


def _storing() -> str:
    lines = [
        "### Storing and removing\n",
        "DICOM files (`application/dicom`, also in `multipart/related`), and metadata with bulk "
        "data (`application/dicom+json`). All of a request are kept together. 200, 202 and 409 as "
        "in PS3.18 table 10.5.3-1; 503 where there is no room; 400 where the body breaks off, and "
        "then nothing is kept.\n",
        "| Failure reason | |",
        "| --- | --- |",
        *(f"| {reason:04X}H | {meaning} |" for reason, meaning in _FAILURES),
        "\nDELETE removes for good. Instances that were committed to (storage commitment) are "
        "refused with 409 unless `reason` is given: "
        + ", ".join(f"{code} ({meaning})" for code, meaning in REASONS.items())
        + ".\n",
        "`/wrap` makes instances of "
        f"{UID(wrapped.SECONDARY_CAPTURE).name} and {UID(wrapped.ENCAPSULATED_PDF).name} of "
        "pictures and PDFs.\n",
    ]
    return "\n".join(lines)


def _workitems() -> str:
    lines = [
        "### Worklist service\n",
        "Create, retrieve, update, change state, request cancellation and search. Subscriptions, "
        "event channels and global subscriptions (11.9 to 11.12) are not supported, so that a "
        "request to cancel a workitem that is in progress is refused (409).\n",
        "| State | may become |",
        "| --- | --- |",
        *(f"| {s} | {', '.join(sorted(after)) or 'nothing'} |" for s, after in NEXT.items()),
    ]
    return "\n".join(lines) + "\n"


def _bounds() -> str:
    rows = (
        (
            "matches of a search",
            f"{parameters.USUAL:,}; `limit` up to {parameters.MOST:,}",
        ),
        ("an instance that is stored", f"{storing.MOST_BYTES:,} bytes"),
        ("frames of a request", f"{frames.MOST:,}"),
        ("pixels of a frame that is decoded", f"{limits.MOST_PIXELS:,}"),
        ("an instance that is rewritten", f"{limits.MOST_WHOLE_BYTES:,} bytes"),
    )
    table = "".join(f"| {name} | {most} |\n" for name, most in rows)
    return f"### Limits of DICOMweb\n\n| | |\n| --- | --- |\n{table}"


def _yes(claim: bool) -> str:
    return "yes" if claim else "no"


def _in_order(uid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in uid.split("."))
