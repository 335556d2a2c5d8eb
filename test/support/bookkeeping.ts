/** Asks for whatever should not be there: each row found is a fault. */
export type Question = {
  readonly what: string
  readonly sql: string
  readonly parameters?: readonly (string | number | null | readonly (string | number)[])[]
}

/** The history of each segment and lead in the order of time. */
const stays = `select segment_id, lead_id, as_of, change,
    lag(change) over stay as before, lead(as_of) over stay as next_at
  from membership_change window stay as (partition by segment_id, lead_id order by as_of)`

const noBackfill = `not exists (select from runs where mode = 'backfill' and status = 'done')`

/** What must hold between the tables of any installation at any time, whatever its data. */
export const bookkeeping: readonly Question[] = [
  {
    what: 'history and membership say different things',
    sql: `select segment_id, lead_id, n, m.since
      from (select segment_id, lead_id, sum(case change when 'entered' then 1 else -1 end) as n
        from membership_change group by 1, 2) h
      full join membership m using (segment_id, lead_id)
      where coalesce(n, 0) <> case when m.lead_id is null then 0 else 1 end`,
  },
  {
    what: 'entered while in, or left while out',
    sql: `select * from (${stays}) s where change = coalesce(before, 'left')`,
  },
  {
    what: 'a stay that is open, but nobody in it now, or the other way round',
    sql: `(select segment, lead_id, entered_as_of from membership_intervals where left_as_of is null
        except all select segment, lead_id, since from current_members)
      union all
      (select segment, lead_id, since from current_members
        except all select segment, lead_id, entered_as_of from membership_intervals where left_as_of is null)`,
  },
  {
    what: 'in a segment that was archived before the last run',
    sql: `select s.key, m.lead_id from membership m join segments s using (segment_id)
      join lateral (
        select * from runs where status = 'done' and mode <> 'backfill' order by run_id desc limit 1
      ) r on r.started_at > s.updated_at
      where s.status = 'archived' and not exists (
        select from run_segments o
        where o.run_id = r.run_id and o.segment_id = s.segment_id and o.outcome = 'superseded')`,
  },
  {
    what: 'in since another instant than it entered',
    sql: `select m.segment_id, m.lead_id, m.since, s.as_of from membership m join (${stays}) s using (segment_id, lead_id)
      where s.next_at is null and s.as_of <> m.since`,
  },
  {
    what: 'a change or a stay by a run that was not applied, or of another instant',
    sql: `select c.*, r.status, r.mode, r.as_of as run_as_of from (
        select run_id, as_of, true as instant from membership_change
        union all select run_id, since, ${noBackfill} from membership
      ) c
      left join runs r using (run_id)
      where r.run_id is null or r.status <> 'done' or (instant and r.mode <> 'backfill' and r.as_of <> c.as_of)`,
  },
  {
    what: 'scores by a run that was not applied',
    sql: `select s.lead_id, s.run_id from (select lead_id, run_id from lead_scores
        union all select lead_id, run_id from score_history) s
      left join runs r using (run_id) where r.status is distinct from 'done'`,
  },
  {
    what: 'runs that did not go forward',
    sql: `select * from (
        select run_id, as_of, horizon, lag(as_of) over (order by run_id) as before,
          lag(horizon) over (order by run_id) as horizon_before
        from runs where status = 'done' and mode <> 'backfill') r
      where as_of <= before or horizon < horizon_before`,
  },
  {
    what: 'runs that counted other changes than they wrote',
    sql: `select r.run_id, r.entered, r."left", c.* from runs r
      cross join lateral (select count(*) filter (where change = 'entered') as entered_found,
        count(*) filter (where change = 'left') as left_found from membership_change c where c.run_id = r.run_id) c
      where r.status = 'done' and r.mode <> 'backfill' and ${noBackfill}
        and (r.entered, r."left") is distinct from (c.entered_found, c.left_found)`,
  },
  {
    what: 'figures that history does not give',
    sql: `select * from (
        select t.segment_id, t.as_of, t.members, t.entered, t."left",
          coalesce((select sum(case change when 'entered' then 1 else -1 end) from membership_change c
            where c.segment_id = t.segment_id and c.as_of <= t.as_of), 0) as members_found,
          (select count(*) from membership_change c where c.segment_id = t.segment_id and c.as_of = t.as_of
            and change = 'entered' and cause in ('data', 'time', 'manual')) as entered_found,
          (select count(*) from membership_change c where c.segment_id = t.segment_id and c.as_of = t.as_of
            and change = 'left' and cause in ('data', 'time', 'manual')) as left_found
        from segment_stats t) t
      where (members, entered, "left") is distinct from (members_found, entered_found, left_found)`,
  },
  {
    what: 'changes of a run in which the segment has no figures',
    sql: `select distinct segment_id, as_of from membership_change c
      where not exists (select from segment_stats t where t.segment_id = c.segment_id and t.as_of = c.as_of)`,
  },
  {
    what: 'drift: what a full run found and no change explains',
    sql: `select r.run_id, r.as_of, r.drift, (select jsonb_agg(d) from run_drift d where d.run_id = r.run_id) as details
      from runs r where drift > 0`,
  },
  {
    what: 'rows that no transaction of this cluster can have brought',
    sql: `select 'event' as source, ingest_xid::text from events where ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
      union all
      select 'change', ingest_xid::text from attribute_change where ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
      union all
      select 'run', horizon::text from runs where horizon > pg_snapshot_xmax(pg_current_snapshot())`,
  },
]

/** What imports and plain SQL must leave behind. Worlds written straight into the tables need not. */
export const sourcesKept: readonly Question[] = [
  {
    what: 'events of leads that are not there',
    sql: 'select event_id from events e where not exists (select from leads l where l.lead_id = e.lead_id)',
  },
  {
    what: 'leads whose attributes, as shown, are not the last to be recorded',
    sql: `select l.lead_id, k.attribute, l.attributes -> k.attribute as shown, k.value from leads l
      join lateral (select distinct on (attribute) attribute, value from attribute_change c
        where c.subject = 'lead' and c.subject_id = l.lead_id and c.attribute <> '@account'
          and c.from_at <= clock_timestamp()
        order by attribute, from_at desc, change_id desc) k on true
      where (l.attributes -> k.attribute) is distinct from k.value`,
  },
]
