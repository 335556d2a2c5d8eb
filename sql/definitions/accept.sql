-- Whoever applies was shown how many leads the current versions of these segments move, and agreed.
-- $1 keys text[], $2 leads bigint[].
update segment_versions v set accepted_change = shown.leads
from unnest($1::text[], $2::bigint[]) shown(key, leads)
join segments s using (key)
where v.segment_id = s.segment_id and v.version = s.version
