-- When a patient lay in which ward during a stay. A bed, its room and its ward at one time are one
-- presence, and so is a change of bed within the ward. A time that isn't given is the stay's.
WITH presences AS (
  SELECT stays.id AS stay, wards.ward,
         tstzrange(coalesce(p.starts, stays.admitted), coalesce(p.ends, stays.discharged))
           * stays.during AS during
  FROM stays
  JOIN encounter_places p ON p.encounter = stays.id
  JOIN wards ON wards.place = p.place
  WHERE coalesce(p.ends, stays.discharged, 'infinity') >= coalesce(p.starts, stays.admitted))
SELECT stay, ward, unnest(range_agg(during)) AS during
FROM presences
WHERE NOT isempty(during)
GROUP BY stay, ward
