"""Attacks 101 to 108 and 110: input that breaks parsers, or what comes behind them."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from decimal import Decimal

import pytest

from fhirserver import ids
from fhirserver.errors import NotUnderstood
from fhirserver.model import json as fhir_json
from fhirserver.model import xml as fhir_xml
from tests.answers import done, ids_of, refused
from tests.builders import a_patient
from tests.pace import assert_soon, least, soon

FHIR = "application/fhir+json"
XML = "application/fhir+xml"
MARK = "Qwyjibo"


@pytest.fixture
def post(client):
    """Posts bytes as a resource; afterwards the server still answers."""

    def send(body, type_="Patient", kind=FHIR, **headers):
        if isinstance(body, str):
            body = body.encode()
        answer = client.post(f"/fhir/{type_}", data=body, content_type=kind, headers=headers)
        assert client.get("/livez").status_code == 200
        return answer

    return send


NESTED = [
    b"[" * 65 + b"]" * 65,
    b'{"a":' * 65 + b"1" + b"}" * 65,
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b'[{"a":' * 2000 + b"1" + b"}]" * 2000,
    b'{"resourceType":"Patient","extension":' + b"[" * 9000 + b"]" * 9000 + b"}",
]


@pytest.mark.parametrize("body", NESTED, ids=range(len(NESTED)))
def test_101_nesting_is_refused_in_less_than_5_milliseconds(post, body):
    def parse():
        with pytest.raises(NotUnderstood):
            fhir_json.parse(body)

    assert_soon(least(parse), 0.005)
    refused(post(body), 400)


def test_101_what_is_as_deep_as_it_may_be_is_read(client):
    extension = {"url": "http://x.example", "valueString": "a"}
    for _ in range(29):
        extension = {"url": "http://x.example", "extension": [extension]}

    done(client.post("/fhir/Patient", json=a_patient(extension=[extension])), 201)


def quantity(number):
    return (
        '{"resourceType":"Observation","status":"final","code":{"text":"a"},'
        f'"valueQuantity":{{"value":{number}}}}}'
    )


BEYOND = [
    "1e6000000", "-1e6000000", "1e-6000000", "1e200000", "1e401", "1e-401", "1e" + "9" * 60,
    "9" * 5000, "0." + "1" * 5000, "1." + "0" * 5000, "NaN", "Infinity", "-Infinity", "1e", "+1",
    "0x10", "01", ".5", "1.", "--1", "1_000",
]  # fmt: skip


@pytest.mark.parametrize("number", BEYOND, ids=lambda n: n[:12])
def test_102_a_number_beyond_reason_is_refused_at_once(post, number):
    body = quantity(number).encode()

    def parse():
        with pytest.raises(NotUnderstood):
            fhir_json.parse(body)

    assert_soon(least(parse), 0.005)
    refused(post(body, "Observation"), 400)


@pytest.mark.parametrize("number", ["-0", "-0.0", "1e400", "1e-400", "1E+2", "0e5", "9" * 300])
def test_102_a_number_within_reason_is_kept_and_searched_without_harm(client, post, number):
    made = done(post(quantity(number), "Observation"), 201)

    text = client.get(f"/fhir/Observation/{made['id']}").text
    value = fhir_json.parse_object(text.encode())["valueQuantity"]["value"]
    assert value == Decimal(number)  # that minus zero is zero, PostgreSQL decides
    for query in ("value-quantity=gt0", "value-quantity=1e400", "_sort=value-quantity"):
        answer = client.get(f"/fhir/Observation?_id={made['id']}&{query}")
        assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize("number", ["1e6000000", "-1e6000000", "9" * 5000, "NaN", "1e99999999999"])
def test_102_nor_does_a_search_for_it_harm(client, number):
    with soon(2):
        answer = client.get(f"/fhir/Observation?value-quantity={number}")

        assert answer.status_code == 400 or answer.json["total"] == 0


@pytest.mark.parametrize("number", ["1e6000000", "9" * 5000, "1.0", "2147483648", "1e2"])
def test_102_an_integer_that_is_none_is_refused(post, number):
    refused(post(f'{{"resourceType":"Patient","multipleBirthInteger":{number}}}'), 400)


@pytest.mark.parametrize(
    "body",
    [
        '{"resourceType":"Patient","resourceType":"Patient"}',
        '{"resourceType":"Patient","active":true,"active":false}',
        '{"resourceType":"Patient","active":true, "active" : false}',
        '{"resourceType":"Patient","\\u0061ctive":true,"active":false}',
        '{"resourceType":"Patient","name":[{"family":"a","given":["b"],"family":"c"}]}',
        '{"resourceType":"Patient","_active":{"id":"a"},"_active":{"id":"b"}}',
        '{"resourceType":"Patient","a":1,"a":1}',
    ],
)
def test_103_one_key_twice_is_refused(post, body):
    assert "twice" in refused(post(body), 400)["diagnostics"]


def named(text):
    return b'{"resourceType":"Patient","name":[{"family":"' + text + b'"}]}'


@pytest.mark.parametrize(
    "body",
    [
        named(b"\\ud800"),
        named(b"\\udc00\\ud800"),
        named(b"\\ud800\\u0041"),
        named(b"\xed\xa0\x80"),
        named(b"\xc0\xaf"),
        named(b"\xe0\x80\xaf"),
        named(b"\xf4\x90\x80\x80"),
        named(b"\xff"),
        named(b"\\u0000"),
        named(b"\x00"),
        named(b"a\\u0000b"),
        named(b"a").decode().encode("utf-16"),
        named(b"a").decode().encode("utf-16-le"),
        named(b"a").decode().encode("utf-32"),
        named(b"\xe9"),
        b"\xfe\xff" + named(b"a"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + named(b"a"),
    ],
)
def test_104_text_that_is_no_unicode_is_refused(post, body):
    refused(post(body), 400)


def test_104_a_byte_order_mark_is_passed_over_as_the_standard_allows(post):
    done(post(b"\xef\xbb\xbf" + named(b"a")), 201)


@pytest.mark.parametrize("text", ["\ufffe", "\uffff", "\U0010ffff", "\u202e", "e\u0301" * 50])
def test_104_odd_but_proper_text_comes_back_as_it_was(client, post, text):
    made = done(post(named(text.encode())), 201)

    assert client.get(f"/fhir/Patient/{made['id']}").json["name"][0]["family"] == text


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", "cp1252"])
def test_104_no_other_charset_is_read(post, charset):
    refused(post(named(b"a"), kind=f"{FHIR}; charset={charset}"), 415)


MILLIONS = b"{}" + b",{}" * 2_000_000


def test_105_millions_of_empty_entries_are_too_many(post, client):
    with soon(10):
        body = b'{"resourceType":"Bundle","type":"batch","entry":[' + MILLIONS + b"]}"

        refused(client.post("/fhir", data=body, content_type=FHIR), 413)


@pytest.mark.parametrize("place", [b"name", b"extension", b"contained", b"x"])
def test_105_millions_of_empty_objects_are_refused(post, place):
    with soon(20):
        answer = post(b'{"resourceType":"Patient","' + place + b'":[' + MILLIONS + b"]}")

        assert answer.status_code in {400, 413}
        assert len(answer.data) < 100_000


@pytest.fixture(scope="module")
def small(make_app):
    return make_app(max_body_bytes=100_000)


@pytest.fixture
def to_small(small, client_of):
    client = client_of(small)

    def send(body, encoding, type_="Patient"):
        return client.post(
            f"/fhir/{type_}",
            data=body,
            content_type=FHIR,
            headers={"Content-Encoding": encoding},
        )

    return send


ZEROS = bytes(50_000_000)


@pytest.mark.parametrize(
    ("encoding", "zip_"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
@pytest.mark.parametrize("type_", ["Patient", "Binary", "Observation"])
def test_106_a_bomb_is_refused_at_the_limit(to_small, encoding, zip_, type_):
    with soon(2):
        refused(to_small(zip_(ZEROS), encoding, type_), 413)


def test_106_a_bomb_in_a_bomb_is_not_unpacked(to_small):
    nested = gzip.compress(gzip.compress(ZEROS))

    refused(to_small(nested, "gzip"), 400)  # it is no JSON after the first
    for encoding in ("gzip, gzip", "gzip,deflate", "gzip;q=1", "x-gzip", "br", "zstd"):
        refused(to_small(nested, encoding), 415)


def test_106_what_follows_the_end_is_refused(to_small):
    whole = gzip.compress(json.dumps(a_patient()).encode())

    done(to_small(whole, "gzip"), 201)
    refused(to_small(whole + whole, "gzip"), 400)
    refused(to_small(whole[:-4], "gzip"), 400)


PATIENT = '<Patient xmlns="http://hl7.org/fhir">'
BOMB = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
XML_ATTACKS = {
    "doctype": f'<!DOCTYPE Patient>{PATIENT}<active value="true"/></Patient>',
    "external": f'<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>{PATIENT}<id value="&x;"/></Patient>',
    "network": f'<!DOCTYPE Patient SYSTEM "http://127.0.0.1:1/x.dtd">{PATIENT}</Patient>',
    "parameter": f'<!DOCTYPE Patient [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>{PATIENT}</Patient>',
    "laughs": f'<!DOCTYPE Patient [<!ENTITY a "aaaaaaaaaa">{BOMB}]>{PATIENT}<id value="&i;"/></Patient>',
    "unknown entity": f'{PATIENT}<id value="&x;"/></Patient>',
    "xinclude": f'{PATIENT}<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></Patient>',
    "deep": PATIENT + "<extension>" * 200_000,
    "deep and closed": PATIENT + "<extension>" * 50_000 + "</extension>" * 50_000 + "</Patient>",
    "attributes": '<Patient xmlns="http://hl7.org/fhir" ' + " ".join(f'a{n}="1"' for n in range(300_000)) + "/>",
    "same attribute": '<Patient xmlns="http://hl7.org/fhir" a="1" a="1"/>',
    "declarations": "<Patient " + " ".join(f'xmlns:a{n}="b"' for n in range(50_000)) + "/>",
    "other namespace": '<Patient xmlns="http://evil.example"><active value="true"/></Patient>',
    "no namespace": '<Patient><active value="true"/></Patient>',
    "long name": f"{PATIENT}<{'a' * 1_000_000}/></Patient>",
    "cdata": f"{PATIENT}<active><![CDATA[true]]></active></Patient>",
    "second root": f"{PATIENT}</Patient>{PATIENT}</Patient>",
    "bad utf-8": PATIENT.encode() + b'<id value="\xff"/></Patient>',
    "says latin-1": b'<?xml version="1.0" encoding="latin-1"?>' + PATIENT.encode() + b"</Patient>",
}  # fmt: skip


@pytest.mark.parametrize("name", XML_ATTACKS)
def test_107_hostile_xml_is_refused_in_time(post, name):
    with soon(2):
        answer = post(XML_ATTACKS[name], kind=XML)

        refused(answer, 400)
        assert "root:" not in answer.text


def test_107_a_schema_location_is_never_followed(client, post):
    body = (
        '<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://hl7.org/fhir http://127.0.0.1:1/x.xsd">'
        '<active value="true"/></Patient>'
    )

    assert done(post(body, kind=XML), 201)["active"] is True


@pytest.mark.parametrize("name", ["laughs", "deep", "attributes"])
def test_107_nor_does_a_narrative_carry_it_in(post, name):
    div = XML_ATTACKS[name]
    body = json.dumps(a_patient(text={"status": "generated", "div": div}))

    refused(post(body), 400)


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
SCRIPTS = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    "<p onclick='alert(1)'>a</p>",
    "<p ONCLICK='alert(1)'>a</p>",
    "<img src='x' onerror='alert(1)' alt=''/>",
    "<a href='javascript:alert(1)'>a</a>",
    "<a href='&#106;avascript:alert(1)'>a</a>",
    "<a href='java&#10;script:alert(1)'>a</a>",
    "<a href='vbscript:x'>a</a>",
    "<a href='data:text/html,&lt;script&gt;'>a</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<object data='x'></object>",
    "<embed src='x'/>",
    "<form action='https://evil.example'><input name='a'/></form>",
    "<base href='https://evil.example'/>",
    "<link rel='stylesheet' href='https://evil.example'/>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example'/>",
    "<style>@import url(https://evil.example)</style>",
    "<p style='background:url(https://evil.example)'>a</p>",
    "<p style='background:url(//evil.example/a.png)'>a</p>",
    "<p style='background: URL( &quot;ftp://evil.example&quot; )'>a</p>",
    "<p style='background:u\\72l(//evil.example)'>a</p>",
    "<p style='background:url(data:image/svg+xml,x)'>a</p>",
    "<p style='behavior:expression(alert(1))'>a</p>",
    "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "<svg:svg xmlns:svg='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "<math xmlns='http://www.w3.org/1998/Math/MathML'><mtext/></math>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4=' alt=''/>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
]


@pytest.mark.parametrize(
    "inside",
    [
        "<p style='background:url(#a)'>a</p>",
        "<p style='background-image: url(tbl_bck1.png)'>a</p>",
        "<p style='background-image: url(data:image/png;base64,iVBOR)'>a</p>",
        "<img src='#a' alt=''/>",
    ],
)
def test_108_what_only_looks_like_it_is_kept(post, inside):
    narrative = {"status": "generated", "div": DIV.format(inside)}

    done(post(json.dumps(a_patient(text=narrative))), 201)


@pytest.mark.parametrize("inside", SCRIPTS)
def test_108_a_narrative_that_does_something_is_refused(post, inside):
    div = DIV.format(inside)
    narrative = {"status": "generated", "div": div}

    refused(post(json.dumps(a_patient(text=narrative))), 400)
    refused(post(json.dumps(a_patient(contained=[a_patient(id="a", text=narrative)]))), 400)
    xml = f'{PATIENT}<text><status value="generated"/>{div}</text></Patient>'
    refused(post(xml, kind=XML), 400)


LITERAL = [
    "' OR '1'='1", "'; DROP TABLE fhir.patient; --", '"', "%", "_", "%%", "a%b", "\\", "\\'",
    "$$", "$1", "%s", "%(a)s", "{0}", "?", ":a", "/*", "--", "\u2019 OR 1=1", "pg_sleep(5)",
    "a\\,b", "a\\|b", "a\\$b", "(?:a+)+$", "[", "*", ".*", "<script>", "${jndi:ldap://x}", "{{7*7}}",
]  # fmt: skip


@pytest.mark.parametrize("value", LITERAL)
def test_110_values_are_literal(client, value):
    system = f"http://{ids.new()}.example"
    name = f"{value}{ids.new()[-8:]}"
    made = done(
        client.post(
            "/fhir/Patient",
            json=a_patient(
                identifier=[{"system": system, "value": value}], name=[{"family": name}]
            ),
        ),
        201,
    )
    other = done(
        client.post("/fhir/Patient", json=a_patient(identifier=[{"system": system, "value": "x"}])),
        201,
    )

    def found(**query):
        return ids_of(done(client.get("/fhir/Patient", query_string=query)))

    assert found(identifier=f"{system}|{escaped(value)}") == [made["id"]]
    assert sorted(found(identifier=f"{system}|")) == sorted([made["id"], other["id"]])
    for modifier in ("family", "family:exact", "family:contains"):
        assert made["id"] in found(**{modifier: escaped(name)}), modifier
        assert other["id"] not in found(**{modifier: escaped(name)}), modifier


def escaped(text):
    """https://hl7.org/fhir/R4/search.html#escaping"""
    for mark in "\\$,|":
        text = text.replace(mark, f"\\{mark}")
    return text


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "1;SELECT pg_sleep(300)", "%27--", "x')) OR 1=1 --"]
)
@pytest.mark.parametrize(
    "parameter",
    ["_id", "_lastUpdated", "_tag", "_sort", "_count", "_elements", "_include", "birthdate",
     "organization", "organization.name", "_has:Observation:patient:code", "_filter", "_text", "_type",
     "address", "_profile", "_security", "gender", "link", "phone"],
)  # fmt: skip
def test_110_no_parameter_is_a_way_into_sql(client, parameter, value):
    start = time.monotonic()

    answer = client.get("/fhir/Patient", query_string={parameter: value})

    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json["total"] == 0
    assert time.monotonic() - start < 200


def test_107_reading_xml_directly_is_held_to_the_same_limits():
    with pytest.raises(NotUnderstood):
        fhir_xml.read(XML_ATTACKS["laughs"].encode(), max_depth=64)
