"""Units: what is one, what it is in others, and that nothing that comes takes long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.model import ucum
from tests.pace import soon

CONVERTED = [
    ("5.4", "mg", "g", "0.0054"),
    ("98.6", "[degF]", "Cel", "37"),
    ("37", "Cel", "[degF]", "98.6"),
    ("-40", "Cel", "[degF]", "-40"),
    ("0", "Cel", "K", "273.15"),
    ("100", "Cel", "[degRe]", "80"),
    ("7", "[pH]", "nmol/L", "100"),
    ("20", "dB[V]", "V", "10"),
    ("30", "dB", "1", "1000"),
    ("8", "bit_s", "1", "256"),
    ("2", "[hp'_C]", "1", "0.0001"),
    ("3", "[m/s2/Hz^(1/2)]", "m2/s4/Hz", "9"),
    ("120", "mm[Hg]", "kPa", "15.99864"),
    ("1", "[lb_av]", "kg", "0.45359237"),
    ("1", "[gal_us]", "L", "3.785411784"),
    ("6", "[ft_i]", "m", "1.8288"),
    ("1", "a", "d", "365.25"),
    ("90", "mg/dL", "g/L", "0.9"),
    ("4", "10*3/uL", "10*9/L", "4"),
    ("12", "g%", "g/L", "120"),
    ("1", "meq/L", "mmol/L", "1"),
    ("5", "[IU]/mL", "k[iU]/L", "5"),
    ("80", "kg{dry'wt}", "kg", "80"),
    ("60", "/min{beat}", "Hz", "1"),
    ("50", "%", "1", "0.5"),
]


@pytest.mark.parametrize(("number", "unit", "into", "expected"), CONVERTED)
def test_a_number_is_converted_exactly(number: str, unit: str, into: str, expected: str) -> None:
    assert ucum.convert(Decimal(number), unit, into) == Decimal(expected)
    assert ucum.convert(Decimal(expected), into, unit) == Decimal(number)


def test_a_slope_of_100_percent_is_45_degrees() -> None:
    found = ucum.convert(Decimal(100), "%[slope]", "deg")

    assert found is not None
    assert abs(found - 45) < Decimal("1e-12")


@pytest.mark.parametrize(
    ("unit", "other"),
    [("mg", "mL"), ("[iU]", "mg"), ("[iU]", "[arb'U]"), ("mmol/L", "mg/dL"), ("Cel", "m")],
)
def test_what_measures_something_else_is_not_converted(unit: str, other: str) -> None:
    assert not ucum.comparable(unit, other)
    assert ucum.convert(Decimal(1), unit, other) is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "mmHg", "MMHG", "m s", "m//s", "m.", ".m", "m-", "(m", "m)", "()", "kg(m)",
        "{", "{a b}", "{a}{b}m", "mg{a", "[", "m[H2O", "Cel2", "/Cel", "Cel.m", "Torr",
        "ÅNG", "µg", "mg\n", "-1", "ug/ml/", "0", "m/0",
    ],
)  # fmt: skip
def test_what_is_no_unit_is_refused(text: str) -> None:
    assert ucum.parse(text) is None


@pytest.mark.parametrize(
    "text",
    ["(" * 255, "(" * 127 + "m" + ")" * 127, "10*" + "9" * 250, "[pi]99." * 36 + "m",
     "9" * 255, "m" * 255, "{" * 255, "[" * 255, "/" * 255, "m." * 127 + "m", "x" * 1_000_000],
)  # fmt: skip
def test_a_hostile_unit_takes_no_time(text: str) -> None:
    with soon(0.25):
        ucum.parse(text)


@pytest.mark.parametrize(
    ("number", "unit"),
    [("1e999999", "mg"), ("-1e999999", "Cel"), ("1e400", "[pH]"), ("-2001", "[pH]"), ("NaN", "mg"),
     ("Infinity", "mg"), ("1e-999999", "mg")],
)  # fmt: skip
def test_a_number_beyond_measure_has_no_canonical_form(number: str, unit: str) -> None:
    assert ucum.canonical(Decimal(number), unit) is None


def test_the_canonical_form_is_in_base_units() -> None:
    assert ucum.canonical(Decimal(1), "N") == (Decimal(1000), "g.m/s2")


def test_a_unit_has_a_name() -> None:
    assert ucum.display("mm[Hg]") == "millimeter of mercury column"
    assert ucum.display("mg/dL") == "milligram per deciliter"
    assert ucum.display("nonsense") is None


def test_an_independent_library_agrees() -> None:
    """Every example code of UCUM's for electronic messages that pint has a value for."""
    import ucumvert  # slow to import

    registry = ucumvert.PintUcumRegistry()
    compared = 0
    for text in EXAMPLES.split():
        unit = ucum.parse(text)
        assert unit is not None, text
        theirs = registry.Quantity(1, registry.from_ucum(text).units)
        moles = theirs.dimensionality.get("[substance]", 0)
        theirs = (theirs / registry.Quantity(1, "mol") ** moles).to_base_units()
        ours = registry.from_ucum(unit.code).to_base_units()
        expected = theirs.magnitude / ours.magnitude * 6.02214076e23**moles

        assert float(unit.factor) == pytest.approx(float(expected), rel=1e-5), text
        compared += 1

    assert compared > 80


EXAMPLES = """
g kg mg ug ng pg mg/dL g/dL g/L ug/mL ng/mL pg/mL mg/L mmol/L umol/L nmol/L mol/L mmol/mol mol/kg
mL L dL uL fL L/min mL/min mL/kg mL/min/kg mL/h m cm mm um nm m2 cm2 m3 [in_i] [ft_i] [yd_i] [mi_i]
s min h d wk mo a ms us Hz /min /s /h N Pa kPa hPa bar mbar mm[Hg] cm[H2O] atm J kJ cal kcal W mW
V mV uV A mA Ohm S F T K rad deg sr cd lm lx Bq MBq Gy Sv Ci R [lb_av] [oz_av] [gr] [stone_av]
[gal_us] [pt_us] [foz_us] [gal_br] kg/m2 g/cm3 kat ukat U U/L mU/L kU/L % 10*3 10*9/L 10*6/uL
10*3/uL g/m2 mg/kg mg/kg/d ug/kg/min ng/mL/h mmol/kg mosm/kg mm/h m/s m/s2 g.m/s2 J/kg W/m2 dyn
erg P St Ao b u eV AU pc [ly] tex st t ar
"""
