SELECT (s.discharged AT TIME ZONE period.zone)::date AS day, w.ward, s.clinician,
       extract(epoch FROM s.discharged - s.admitted) / 86400 AS value, 1::numeric AS out_of,
       ARRAY[s.id] AS sources
FROM period
JOIN stays s ON s.status = 'finished'
  AND s.discharged >= period.starts AND s.discharged < period.ends
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = s.id
  ORDER BY coalesce(upper(during), 'infinity') DESC, ward LIMIT 1) w ON true
