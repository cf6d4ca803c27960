SELECT (r.issued AT TIME ZONE period.zone)::date AS day, w.ward, o.clinician,
       extract(epoch FROM r.issued - o.ordered) / 60 AS value, 1::numeric AS out_of,
       ARRAY[o.id] AS sources
FROM period
CROSS JOIN lab_orders o
JOIN LATERAL (
  SELECT min(issued) AS issued FROM lab_reports WHERE ordered_by = o.id) r
  ON r.issued >= period.starts AND r.issued < period.ends AND r.issued >= o.ordered
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = o.encounter AND during @> o.ordered
  ORDER BY lower(during) DESC, ward LIMIT 1) w ON true
