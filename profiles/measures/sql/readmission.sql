SELECT (s.discharged AT TIME ZONE period.zone)::date AS day, w.ward, s.clinician,
       (EXISTS (
         SELECT FROM stays again
         WHERE again.patient = s.patient AND again.id <> s.id
           AND again.priority IS DISTINCT FROM 'EL'
           AND again.admitted >= s.discharged
           AND again.admitted <= s.discharged + interval '30 days'))::int::numeric AS value,
       1::numeric AS out_of, ARRAY[s.id] AS sources
FROM period
JOIN stays s ON s.status = 'finished' AND s.disposition IS DISTINCT FROM 'exp'
  AND s.discharged >= period.starts AND s.discharged < period.ends
  AND s.discharged + interval '30 days' <= period.as_of
LEFT JOIN LATERAL (
  SELECT ward FROM ward_stays WHERE stay = s.id
  ORDER BY coalesce(upper(during), 'infinity') DESC, ward LIMIT 1) w ON true
