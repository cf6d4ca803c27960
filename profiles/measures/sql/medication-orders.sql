SELECT (m.ordered AT TIME ZONE period.zone)::date AS day, w.ward, m.clinician,
       1::numeric AS value, 1::numeric AS out_of, ARRAY[m.id] AS sources
FROM period
JOIN medication_orders m ON m.ordered >= period.starts AND m.ordered < period.ends
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = m.encounter AND during @> m.ordered
  ORDER BY lower(during) DESC, ward LIMIT 1) w ON true
