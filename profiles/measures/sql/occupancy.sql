-- A row for each day and ward that has beds: bed-days occupied, and bed-days that there were.
WITH RECURSIVE above AS (
  SELECT id AS bed, part_of, kind, 0 AS height FROM places
  WHERE kind = 'bd' AND status IS DISTINCT FROM 'inactive' AND status IS DISTINCT FROM 'suspended'
    AND bed_status IS DISTINCT FROM 'C'
  UNION ALL
  SELECT above.bed, places.part_of, places.kind, above.height + 1
  FROM above JOIN places ON places.id = above.part_of
  WHERE above.kind IS DISTINCT FROM 'wa' AND above.height < 10),
wards AS (
  SELECT p.id AS ward, count(DISTINCT a.bed) AS beds
  FROM above a JOIN places p ON p.id = a.part_of AND p.kind = 'wa'
  GROUP BY p.id),
days AS (
  SELECT d::date AS day,
         tstzrange(greatest(d AT TIME ZONE zone, starts),
                   least((d + interval '1 day') AT TIME ZONE zone, ends)) AS during,
         extract(epoch FROM (d + interval '1 day') AT TIME ZONE zone - d AT TIME ZONE zone) AS long
  FROM period, generate_series(date_trunc('day', starts AT TIME ZONE zone),
                               ends AT TIME ZONE zone, interval '1 day') d
  WHERE d AT TIME ZONE zone < ends),
occupied AS (
  SELECT days.day, s.ward,
         sum(extract(epoch FROM upper(s.during * days.during) - lower(s.during * days.during))
             / days.long) AS bed_days,
         array_agg(DISTINCT s.stay) AS stays
  FROM period
  JOIN ward_stays s ON s.during && tstzrange(period.starts, period.ends)
  CROSS JOIN LATERAL generate_series(
    date_trunc('day', greatest(lower(s.during), period.starts) AT TIME ZONE period.zone),
    least(coalesce(upper(s.during), period.ends), period.ends) AT TIME ZONE period.zone,
    interval '1 day') d
  JOIN days ON days.day = d::date AND days.during && s.during
  GROUP BY days.day, s.ward)
SELECT days.day, wards.ward, NULL::text AS clinician, coalesce(o.bed_days, 0) AS value,
       wards.beds * extract(epoch FROM upper(days.during) - lower(days.during)) / days.long AS out_of,
       coalesce(o.stays, ARRAY[]::text[]) AS sources
FROM days
CROSS JOIN wards
LEFT JOIN occupied o ON o.day = days.day AND o.ward = wards.ward
