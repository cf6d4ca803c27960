SELECT (t.raised AT TIME ZONE period.zone)::date AS day, w.ward, t.clinician,
       extract(epoch FROM t.answered - t.raised) / 60 AS value, 1::numeric AS out_of,
       ARRAY[t.id] AS sources
FROM period
JOIN alert_tasks t ON t.answered >= t.raised
  AND t.raised >= period.starts AND t.raised < period.ends
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = t.encounter AND during @> t.raised
  ORDER BY lower(during) DESC, ward LIMIT 1) w ON true
