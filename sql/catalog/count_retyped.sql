-- What `retyped` means. $1 text: the type before. $2 text: the type after. Columns: known, typed_before, typed_after,
-- gained (will be of the type, and were not), lost (will count as missing, and did not; among json nothing does),
-- changed (stored otherwise from now on), history (of those in the history).
select
  coalesce(sum(now) filter (where was is not null), 0)::bigint as known,
  coalesce(sum(now) filter (where was), 0)::bigint as typed_before,
  coalesce(sum(now) filter (where will), 0)::bigint as typed_after,
  coalesce(sum(now) filter (where will and not was), 0)::bigint as gained,
  coalesce(sum(now) filter (where ($1::text = 'json' or was) and not ($2::text = 'json' or will)), 0)::bigint as lost,
  coalesce(sum(now) filter (where typed is distinct from value), 0)::bigint as changed,
  coalesce(sum(past) filter (where typed is distinct from value), 0)::bigint as history
from retyped
