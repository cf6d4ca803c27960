-- A row for each day, clinician and ward: patients at noon, and the part of the clinician there.
WITH noons AS (
  SELECT d::date AS day, (d + interval '12 hours') AT TIME ZONE zone AS noon
  FROM period, generate_series(date_trunc('day', starts AT TIME ZONE zone),
                               ends AT TIME ZONE zone, interval '1 day') d
  WHERE (d + interval '12 hours') AT TIME ZONE zone >= starts
    AND (d + interval '12 hours') AT TIME ZONE zone < ends),
patients AS (
  SELECT noons.day, s.clinician, w.ward, count(*) AS patients,
         array_agg(s.id) AS stays
  FROM noons
  JOIN stays s ON s.during @> noons.noon AND s.clinician IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT ward FROM ward_stays WHERE stay = s.id AND during @> noons.noon
    ORDER BY lower(during) DESC, ward LIMIT 1) w ON true
  GROUP BY noons.day, s.clinician, w.ward)
SELECT day, ward, clinician, patients::numeric AS value,
       1::numeric / count(*) OVER (PARTITION BY day, clinician) AS out_of,
       stays AS sources
FROM patients
