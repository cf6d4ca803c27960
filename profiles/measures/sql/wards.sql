-- The ward of each place: itself, or the nearest one above it, if it is a ward.
WITH RECURSIVE above AS (
  SELECT id AS place, id AS here, part_of, kind, 0 AS height FROM places
  UNION ALL
  SELECT above.place, places.id, places.part_of, places.kind, above.height + 1
  FROM above JOIN places ON places.id = above.part_of
  WHERE above.height < 10)
SELECT DISTINCT ON (place) place, here AS ward
FROM above
WHERE kind = 'wa'
ORDER BY place, height
