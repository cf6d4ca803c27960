SELECT (a.starts AT TIME ZONE period.zone)::date AS day, wards.ward, a.clinician,
       (a.status = 'noshow')::int::numeric AS value, 1::numeric AS out_of, ARRAY[a.id] AS sources
FROM period
JOIN appointments a ON a.status IN ('noshow', 'arrived', 'checked-in', 'fulfilled')
  AND a.starts >= period.starts AND a.starts < period.ends
LEFT JOIN wards ON wards.place = a.place
