"""Deterministic hospital data, made inside PostgreSQL: skewed patients, skewed codes, unique identifiers.

Every equality value is hash64(text) XOR hash64(parameter). A token has three spellings: code, system|code, system|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TYPES: Final = ("patient", "encounter", "observation", "procedure", "claim", "diagnosticreport")
SHARE: Final = {
    "observation": 0.60,
    "encounter": 0.10,
    "procedure": 0.10,
    "claim": 0.15,
    "patient": 0.01,
    "diagnosticreport": 0.04,
}

# Three patients hold 1/120 of all encounters each (50,000 Observations at ten million rows).
HEAVY: Final = 120


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows of each type make up `total`."""

    total: int

    def of(self, kind: str) -> int:
        return max(60, round(self.total * SHARE[kind]))


FUNCTIONS: Final = """
CREATE FUNCTION h(text) RETURNS int8 IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT hashtextextended($1, 0)';
CREATE FUNCTION u(int8, int8) RETURNS float8 IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT (hashint8extended($1, $2) & 2147483647)::float8 / 2147483648.0';
CREATE FUNCTION tok(param text, system text, code text) RETURNS int8[] IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT ARRAY[h(code) # h(param), h(system || ''|'' || code) # h(param), h(system || ''|'') # h(param)]';
CREATE FUNCTION fid(text, int8) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT md5($1 || $2::text)::uuid::text';
CREATE FUNCTION ts(timestamptz) RETURNS text STABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT to_char($1, ''YYYY-MM-DD"T"HH24:MI:SS"Z"'')';
CREATE FUNCTION us(timestamptz) RETURNS int8 IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT (extract(epoch FROM $1) * 1000000)::int8';
"""


def dimensions(sizes: Sizes) -> str:
    """Codes, practitioners and the encounter plan (who, when) that the other types hang on."""
    patients, encounters = sizes.of("patient"), sizes.of("encounter")
    return f"""
CREATE TABLE code AS
SELECT n, s.system, c.code, 'Analyte ' || n || ' [Mass/volume] in Serum or Plasma' AS display, q.unit, k.category,
       tok('Observation.code', s.system, c.code) || tok('Observation.combo-code', s.system, c.code) AS observation,
       tok('Observation.category', 'http://terminology.hl7.org/CodeSystem/observation-category', k.category) AS category_values,
       tok('Procedure.code', s.system, c.code) AS procedure, tok('DiagnosticReport.code', s.system, c.code) AS report,
       tok('Encounter.type', s.system, c.code) AS encounter
FROM generate_series(0, 2000) n,
     LATERAL (SELECT 'http://loinc.org' AS system) s,
     LATERAL (SELECT (1000 + n * 7) || '-' || (n % 10) AS code) c,
     LATERAL (SELECT (ARRAY['mg/dL','mmol/L','g/L','%','10*3/uL','mm[Hg]'])[1 + n % 6] AS unit) q,
     LATERAL (SELECT CASE WHEN n % 10 < 6 THEN 'laboratory' WHEN n % 10 < 9 THEN 'vital-signs' ELSE 'survey' END AS category) k;
CREATE UNIQUE INDEX ON code (n);
CREATE TABLE practitioner AS SELECT n, fid('Practitioner', n) AS id, h('Practitioner/' || fid('Practitioner', n)) AS self
FROM generate_series(0, 499) n;
CREATE TABLE visit AS
SELECT e, p, fid('Patient', p) AS pid, h('Patient/' || fid('Patient', p)) AS pself,
       fid('Encounter', e) AS eid, h('Encounter/' || fid('Encounter', e)) AS eself,
       CASE WHEN u(e, 3) < 0.7 THEN '2021-01-01'::timestamptz + (e::float8 / {encounters}) * interval '1795 days'
            ELSE '2016-01-01'::timestamptz + floor(u(e, 4) * 315360000) * interval '1 second' END AS at
FROM generate_series(1::int8, {encounters}) e,
     LATERAL (SELECT CASE WHEN u(e, 1) < 3.0 / {HEAVY} THEN 1 + floor(u(e, 1) * {HEAVY})
                          ELSE 4 + floor(({patients} - 4) * u(e, 2) ^ 2) END::int8 AS p) x;
CREATE UNIQUE INDEX ON visit (e);
ANALYZE code, practitioner, visit;
"""


COLUMNS: Final = """key int8, id text COLLATE "C", self int8, owner int8, updated timestamptz, "values" int8[], content jsonb"""


def _updated(sizes: Sizes) -> str:
    return f"'2025-12-01'::timestamptz + i * interval '{365 * 86400 / (2 * sizes.of('observation')):.6f} seconds'"


def rows(kind: str, sizes: Sizes) -> str:
    """The SELECT that makes rows {lo}..{hi} of a type, in the order of COLUMNS."""
    return _SELECT[kind](sizes)


def _observation(sizes: Sizes) -> str:
    count, encounters = sizes.of("observation"), sizes.of("encounter")
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return f"""
SELECT i, x.id, h('Observation/' || x.id), v.pself, y.updated,
  tok('Observation.status', 'http://hl7.org/fhir/observation-status', y.status) || c.category_values || c.observation
  || ARRAY[v.pself # h('Observation.subject'), v.pself # h('Observation.patient'), v.eself # h('Observation.encounter'),
           pr.self # h('Observation.performer'), h('Specimen/' || y.specimen) # h('Observation.specimen'),
           h('ServiceRequest/' || y.request) # h('Observation.based-on'),
           h(c.code || '$' || y.status) # h('Observation.code-status'),
           h(to_char(y.at, 'YYYY-MM')) # h('Observation.date-month'), h('ward-' || v.e % 40) # h('label')]
  || CASE WHEN x.flag < 0.4 THEN tok('Observation.interpretation', '{system}', y.flag) END
  || CASE WHEN x.method < 0.6 THEN tok('Observation.method', 'http://snomed.info/sct', (700000 + x.n % 20)::text) END,
  format('{{"resourceType":"Observation","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},"status":"%s",'
    '"category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"%s"}}]}}],'
    '"code":{{"coding":[{{"system":"%s","code":"%s","display":"%s"}}]}},"subject":{{"reference":"Patient/%s"}},'
    '"encounter":{{"reference":"Encounter/%s"}},"effectiveDateTime":"%s","issued":"%s",'
    '"performer":[{{"reference":"Practitioner/%s"}}],"specimen":{{"reference":"Specimen/%s"}},'
    '"basedOn":[{{"reference":"ServiceRequest/%s"}}]%s%s%s}}',
    x.id, ts(y.updated), y.status, c.category, c.system, c.code, c.display, v.pid, v.eid, ts(y.at), ts(y.at + interval '40 minutes'),
    pr.id, y.specimen, y.request,
    CASE WHEN x.flag < 0.4 THEN ',"interpretation":[{{"coding":[{{"system":"{system}","code":"' || y.flag || '"}}]}}]' END,
    CASE WHEN x.method < 0.6 THEN ',"method":{{"coding":[{{"system":"http://snomed.info/sct","code":"' || 700000 + x.n % 20 || '"}}]}}' END,
    CASE WHEN x.valued < 0.7 THEN ',"valueQuantity":{{"value":' || (50 + x.n % 100 + 40 * x.value)::numeric(7,1) || ',"unit":"' || c.unit
      || '","system":"http://unitsofmeasure.org","code":"' || c.unit || '"}}' END)::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
CROSS JOIN LATERAL (SELECT fid('Observation', i) AS id, 1 + ((i - 1) * {encounters} / {count}) % {encounters} AS e,
    CASE WHEN i % ({count} / 12) = 7 THEN 2000 ELSE floor(2000 * u(i, 11) ^ 3)::int END AS n,
    u(i, 12) AS status, u(i, 13) AS flag, u(i, 14) AS method, u(i, 15) AS valued, u(i, 16) AS value OFFSET 0) x
JOIN visit v ON v.e = x.e JOIN code c ON c.n = x.n JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated, v.at + (i % 6) * interval '10 minutes' AS at,
    CASE WHEN x.status < 0.95 THEN 'final' WHEN x.status < 0.98 THEN 'preliminary' WHEN x.status < 0.995 THEN 'amended'
         ELSE 'cancelled' END AS status,
    CASE WHEN x.flag < 0.1 THEN 'H' WHEN x.flag < 0.2 THEN 'L' ELSE 'N' END AS flag,
    fid('Specimen', i / 2) AS specimen, fid('ServiceRequest', i / 4) AS request OFFSET 0) y
ORDER BY i"""


def _encounter(sizes: Sizes) -> str:
    return f"""
SELECT i, v.eid, v.eself, v.pself, y.updated,
  tok('Encounter.status', 'http://hl7.org/fhir/encounter-status', y.status)
  || tok('Encounter.class', 'http://terminology.hl7.org/CodeSystem/v3-ActCode', y.class) || c.encounter
  || tok('Encounter.identifier', 'urn:oid:2.16.840.1.113883.4.99', 'V' || i)
  || ARRAY[v.pself # h('Encounter.subject'), v.pself # h('Encounter.patient'), pr.self # h('Encounter.participant'),
           h('Organization/' || i % 50) # h('Encounter.service-provider'), h('ward-' || v.e % 40) # h('label')],
  format('{{"resourceType":"Encounter","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},'
    '"identifier":[{{"system":"urn:oid:2.16.840.1.113883.4.99","value":"V%s"}}],"status":"%s",'
    '"class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"%s"}},'
    '"type":[{{"coding":[{{"system":"%s","code":"%s","display":"%s"}}]}}],"subject":{{"reference":"Patient/%s"}},'
    '"participant":[{{"individual":{{"reference":"Practitioner/%s"}}}}],"period":{{"start":"%s","end":"%s"}},'
    '"serviceProvider":{{"reference":"Organization/%s"}}}}',
    v.eid, ts(y.updated), i, y.status, y.class, c.system, c.code, c.display, v.pid, pr.id, ts(v.at), ts(v.at + interval '3 hours'), i % 50)::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
JOIN visit v ON v.e = i JOIN code c ON c.n = floor(50 * u(i, 21) ^ 2)::int JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated,
    CASE WHEN u(i, 22) < 0.97 THEN 'finished' ELSE 'in-progress' END AS status,
    CASE WHEN u(i, 23) < 0.8 THEN 'AMB' WHEN u(i, 23) < 0.95 THEN 'EMER' ELSE 'IMP' END AS class OFFSET 0) y
ORDER BY i"""


def _procedure(sizes: Sizes) -> str:
    return f"""
SELECT i, x.id, h('Procedure/' || x.id), v.pself, y.updated,
  tok('Procedure.status', 'http://hl7.org/fhir/event-status', 'completed') || c.procedure
  || tok('Procedure.category', 'http://snomed.info/sct', (387713003 + i % 4)::text)
  || ARRAY[v.pself # h('Procedure.subject'), v.pself # h('Procedure.patient'), v.eself # h('Procedure.encounter'),
           pr.self # h('Procedure.performer'), h('ward-' || v.e % 40) # h('label')],
  format('{{"resourceType":"Procedure","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},"status":"completed",'
    '"category":{{"coding":[{{"system":"http://snomed.info/sct","code":"%s"}}]}},'
    '"code":{{"coding":[{{"system":"%s","code":"%s","display":"%s"}}]}},"subject":{{"reference":"Patient/%s"}},'
    '"encounter":{{"reference":"Encounter/%s"}},"performedDateTime":"%s","performer":[{{"actor":{{"reference":"Practitioner/%s"}}}}]}}',
    x.id, ts(y.updated), 387713003 + i % 4, c.system, c.code, c.display, v.pid, v.eid, ts(v.at), pr.id)::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
CROSS JOIN LATERAL (SELECT fid('Procedure', i) AS id OFFSET 0) x
JOIN visit v ON v.e = i JOIN code c ON c.n = floor(2000 * u(i, 31) ^ 3)::int JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated OFFSET 0) y
ORDER BY i"""


def _claim(sizes: Sizes) -> str:
    count, encounters = sizes.of("claim"), sizes.of("encounter")
    return f"""
SELECT i, x.id, h('Claim/' || x.id), v.pself, y.updated,
  tok('Claim.status', 'http://hl7.org/fhir/fm-status', 'active') || tok('Claim.use', 'http://hl7.org/fhir/claim-use', 'claim')
  || tok('Claim.priority', 'http://terminology.hl7.org/CodeSystem/processpriority', 'normal')
  || tok('Claim.identifier', 'urn:oid:2.16.840.1.113883.4.77', 'C' || i)
  || ARRAY[v.pself # h('Claim.patient'), v.eself # h('Claim.encounter'), pr.self # h('Claim.provider'),
           h('Organization/' || i % 9) # h('Claim.insurer'), h('ward-' || v.e % 40) # h('label')],
  format('{{"resourceType":"Claim","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},'
    '"identifier":[{{"system":"urn:oid:2.16.840.1.113883.4.77","value":"C%s"}}],"status":"active",'
    '"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"institutional"}}]}},"use":"claim",'
    '"patient":{{"reference":"Patient/%s"}},"created":"%s","insurer":{{"reference":"Organization/%s"}},'
    '"provider":{{"reference":"Practitioner/%s"}},"priority":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/processpriority","code":"normal"}}]}},'
    '"insurance":[{{"sequence":1,"focal":true,"coverage":{{"display":"Plan %s"}}}}],'
    '"item":[{{"sequence":1,"productOrService":{{"coding":[{{"system":"http://snomed.info/sct","code":"%s"}}]}},'
    '"encounter":[{{"reference":"Encounter/%s"}}],"unitPrice":{{"value":%s,"currency":"EUR"}},"net":{{"value":%s,"currency":"EUR"}}}}]}}',
    x.id, ts(y.updated), i, v.pid, ts(v.at), i % 9, pr.id, i % 7, 185349003 + i % 300, v.eid, y.price, y.price)::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
CROSS JOIN LATERAL (SELECT fid('Claim', i) AS id, 1 + ((i - 1) * {encounters} / {count}) % {encounters} AS e OFFSET 0) x
JOIN visit v ON v.e = x.e JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated, (40 + 400 * u(i, 41))::numeric(9,2) AS price OFFSET 0) y
ORDER BY i"""


def _patient(sizes: Sizes) -> str:
    return f"""
SELECT i, x.id, x.self, x.self, y.updated,
  tok('Patient.gender', 'http://hl7.org/fhir/administrative-gender', y.gender)
  || tok('Patient.identifier', 'urn:oid:2.16.840.1.113883.4.1', 'M' || i)
  || tok('Patient.identifier', 'urn:oid:2.16.840.1.113883.4.2', 'N' || i * 7)
  || tok('Patient.active', 'http://terminology.hl7.org/CodeSystem/special-values', 'true')
  || tok('Patient.language', 'urn:ietf:bcp:47', y.language)
  || ARRAY[pr.self # h('Patient.general-practitioner'), h('Organization/' || i % 50) # h('Patient.organization')],
  format('{{"resourceType":"Patient","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},"active":true,'
    '"identifier":[{{"system":"urn:oid:2.16.840.1.113883.4.1","value":"M%s"}},{{"system":"urn:oid:2.16.840.1.113883.4.2","value":"N%s"}}],'
    '"name":[{{"family":"%s","given":["%s","%s"]}}],"gender":"%s","birthDate":"%s",'
    '"telecom":[{{"system":"phone","value":"+49 30 %s"}}],"address":[{{"line":["%s Main Street"],"city":"City %s","postalCode":"%s"}}],'
    '"communication":[{{"language":{{"coding":[{{"system":"urn:ietf:bcp:47","code":"%s"}}]}}}}],'
    '"generalPractitioner":[{{"reference":"Practitioner/%s"}}],"managingOrganization":{{"reference":"Organization/%s"}}}}',
    x.id, ts(y.updated), i, i * 7, initcap(y.family), initcap(y.given), 'B' || i % 60, y.gender, y.born, 1000000 + i, i % 200, i % 90, 10000 + i % 700,
    y.language, pr.id, i % 50)::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
CROSS JOIN LATERAL (SELECT fid('Patient', i) AS id, h('Patient/' || fid('Patient', i)) AS self OFFSET 0) x
JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated, CASE WHEN u(i, 51) < 0.5 THEN 'female' ELSE 'male' END AS gender,
    'fam' || floor(3000 * u(i, 52) ^ 2) AS family, 'giv' || floor(800 * u(i, 53) ^ 2) AS given,
    CASE WHEN u(i, 54) < 0.9 THEN 'de' ELSE 'en' END AS language,
    '1930-01-01'::date + floor(u(i, 55) * 33000)::int AS born OFFSET 0) y
ORDER BY i"""


def _diagnosticreport(sizes: Sizes) -> str:
    count, encounters = sizes.of("diagnosticreport"), sizes.of("encounter")
    return f"""
SELECT i, x.id, h('DiagnosticReport/' || x.id), v.pself, y.updated,
  tok('DiagnosticReport.status', 'http://hl7.org/fhir/diagnostic-report-status', 'final') || c.report
  || tok('DiagnosticReport.category', 'http://terminology.hl7.org/CodeSystem/v2-0074', 'LAB')
  || ARRAY[v.pself # h('DiagnosticReport.subject'), v.pself # h('DiagnosticReport.patient'), v.eself # h('DiagnosticReport.encounter'),
           pr.self # h('DiagnosticReport.performer'), h('Observation/' || fid('Observation', i * 10)) # h('DiagnosticReport.result'),
           h('Observation/' || fid('Observation', i * 10 + 1)) # h('DiagnosticReport.result'), h('ward-' || v.e % 40) # h('label')],
  format('{{"resourceType":"DiagnosticReport","id":"%s","meta":{{"versionId":"1","lastUpdated":"%s"}},"status":"final",'
    '"category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0074","code":"LAB"}}]}}],'
    '"code":{{"coding":[{{"system":"%s","code":"%s","display":"%s"}}]}},"subject":{{"reference":"Patient/%s"}},'
    '"encounter":{{"reference":"Encounter/%s"}},"effectiveDateTime":"%s","issued":"%s","performer":[{{"reference":"Practitioner/%s"}}],'
    '"result":[{{"reference":"Observation/%s"}},{{"reference":"Observation/%s"}}]}}',
    x.id, ts(y.updated), c.system, c.code, c.display, v.pid, v.eid, ts(v.at), ts(v.at + interval '40 minutes'), pr.id,
    fid('Observation', i * 10), fid('Observation', i * 10 + 1))::jsonb
FROM generate_series({{lo}}::int8, {{hi}}) i
CROSS JOIN LATERAL (SELECT fid('DiagnosticReport', i) AS id, 1 + ((i - 1) * {encounters} / {count}) % {encounters} AS e OFFSET 0) x
JOIN visit v ON v.e = x.e JOIN code c ON c.n = floor(2000 * u(i, 61) ^ 3)::int JOIN practitioner pr ON pr.n = i % 500
CROSS JOIN LATERAL (SELECT {_updated(sizes)} AS updated OFFSET 0) y
ORDER BY i"""


_SELECT: Final = {
    "observation": _observation,
    "encounter": _encounter,
    "procedure": _procedure,
    "claim": _claim,
    "patient": _patient,
    "diagnosticreport": _diagnosticreport,
}
