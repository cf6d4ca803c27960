SELECT (s.admitted AT TIME ZONE period.zone)::date AS day, w.ward, s.clinician,
       1::numeric AS value, 1::numeric AS out_of,
       ARRAY[s.id] AS sources
FROM period
JOIN stays s ON s.admitted >= period.starts AND s.admitted < period.ends
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = s.id ORDER BY lower(during), ward LIMIT 1) w ON true
