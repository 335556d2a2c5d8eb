-- Under which keys segments stood before. Columns: segment (its key now), old_key, renamed_at.
select s.key as segment, r.old_key, to_char(r.renamed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as renamed_at
from segment_renames r join segments s using (segment_id)
order by r.rename_id
