WITH waits AS (
  SELECT e.id, e.clinician, come.at AS arrived, min(seen.starts) AS seen
  FROM encounters e
  JOIN LATERAL (
    SELECT starts AS at FROM encounter_states
    WHERE encounter = e.id AND state IN ('arrived', 'triaged') AND starts IS NOT NULL
    ORDER BY state, starts LIMIT 1) come ON true
  JOIN encounter_states seen
    ON seen.encounter = e.id AND seen.state = 'in-progress' AND seen.starts >= come.at
  WHERE e.status NOT IN ('cancelled', 'entered-in-error')
  GROUP BY e.id, e.clinician, come.at)
SELECT (waits.arrived AT TIME ZONE period.zone)::date AS day, w.ward, waits.clinician,
       extract(epoch FROM waits.seen - waits.arrived) / 60 AS value, 1::numeric AS out_of,
       ARRAY[waits.id] AS sources
FROM period
JOIN waits ON waits.arrived >= period.starts AND waits.arrived < period.ends
LEFT JOIN LATERAL (
  SELECT wards.ward FROM encounter_places p JOIN wards ON wards.place = p.place
  WHERE p.encounter = waits.id ORDER BY p.starts NULLS FIRST, wards.ward LIMIT 1) w ON true
