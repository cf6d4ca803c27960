-- Hospital stays that have begun: what is planned, cancelled or a mistake is none. One that has
-- ended nobody knows when is an admission, and no presence.
SELECT id, patient, class, status, priority, disposition, clinician, admitted, discharged,
       CASE WHEN status = 'finished' AND discharged IS NULL THEN 'empty'
         ELSE tstzrange(admitted, discharged) END AS during
FROM encounters
WHERE class IN ('IMP', 'ACUTE', 'NONAC')
  AND status IN ('in-progress', 'onleave', 'finished')
  AND admitted IS NOT NULL
  AND (discharged IS NULL OR discharged >= admitted)
