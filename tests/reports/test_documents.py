"""Reports as files, and what hostile names in them do: nothing."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from fhirserver.reports.documents import MEDIA_TYPES, WRITERS
from fhirserver.reports.schedule import planned
from fhirserver.reports.table import table

UCUM = "http://unitsofmeasure.org"
REPORT = {
    "resourceType": "MeasureReport", "status": "complete", "type": "summary",
    "measure": "https://fhirserver.example/Measure/no-show", "date": "2026-02-01T00:00:00Z",
    "period": {"start": "2026-01-01", "end": "2026-01-31"},
    "group": [{
        "code": {"coding": [{"code": "proportion", "display": "Proportion"}]},
        "population": [{"code": {"coding": [{"code": "denominator"}]}, "count": 8},
                       {"code": {"coding": [{"code": "numerator"}]}, "count": 2}],
        "measureScore": {"value": 0.25, "system": UCUM, "code": "1"},
        "stratifier": [{
            "code": [{"coding": [{"code": "ward"}]}],
            "stratum": [
                {"value": {"text": name}, "measureScore": {"value": -0.5, "system": UCUM, "code": "1"}}
                for name in ('=HYPERLINK("http://evil.example")', "+1", "@SUM(A1)", "\tx", "-2",
                             "<b>&amp;</b> Ward Ö")
            ],
        }],
    }],
}  # fmt: skip
HOSTILE = ["=HYPERLINK", "+1", "@SUM", "\tx", "-2"]


def written(name: str, *reports: dict) -> bytes:
    return WRITERS[MEDIA_TYPES[name]]([table(r) for r in reports])


def test_115_csv_has_a_row_for_each_figure_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(written("csv", REPORT).decode())))

    assert rows[0][:5] == ["Report", "From", "To", "Figure", "By"]
    assert rows[1] == ["No-show rate", "2026-01-01", "2026-01-31", "Proportion", "all", "",
                       "0.25", "", "2", "8"]  # fmt: skip
    assert [r[5] for r in rows[2:7]] == [
        "'=HYPERLINK(\"http://evil.example\")", "'+1", "'@SUM(A1)", "'\tx", "'-2",
    ]  # fmt: skip
    assert rows[2][6] == "-0.5", "a negative number is a number"


def test_115_xlsx_has_texts_and_numbers_and_no_formula_or_link() -> None:
    bell = {**REPORT, "group": [{"code": {"text": "ring\x07"}}]}
    book = zipfile.ZipFile(io.BytesIO(written("xlsx", REPORT, REPORT, bell)))

    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    texts = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower()
    assert not any("externalLink" in name for name in book.namelist())
    assert "=HYPERLINK(" in texts
    assert "\x07" not in texts
    assert 'quotePrefix="1"' in book.read("xl/styles.xml").decode()
    assert "<v>0.25</v>" in sheet
    assert 'name="1 No-show rate"' in book.read("xl/workbook.xml").decode()
    assert 'name="2 No-show rate"' in book.read("xl/workbook.xml").decode()


def test_pdf_is_made_whatever_the_names_are() -> None:
    bell = {"value": {"text": "ring\x07"}}
    odd = {"code": {"text": "x" * 5_000}, "stratifier": [{"stratum": [bell]}]}
    many = {**REPORT, "group": [*REPORT["group"] * 40, odd]}

    made = written("pdf", REPORT, many)

    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert b"/URI" not in made
    assert made.count(b"/Type /Page\n") >= 3, "a page for each report, and more for the long one"


def test_a_report_of_an_unknown_measure_has_its_address_as_title() -> None:
    assert table(REPORT | {"measure": "http://other.example/m"}).title == "http://other.example/m"


@pytest.mark.parametrize("setting", ["hourly: occupancy", "daily", "daily: nothing", "daily:"])
def test_a_schedule_that_cannot_be_read_is_refused(setting: str) -> None:
    with pytest.raises(Exception, match=r"scheduled reports|no metric"):
        planned(setting)
