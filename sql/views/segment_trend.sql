-- How each segment went: one row per run in which a figure changed.
create or replace view segment_trend as
select s.key as segment, t.as_of, t.members, t.leads,
  round(t.members::numeric / nullif(t.leads, 0), 6) as share,
  t.entered, t."left",
  round(t.score_sum / nullif(t.members, 0), 6) as mean_score
from segment_stats t join segments s using (segment_id);
comment on view segment_trend is 'Size, share, flow and mean score of each segment, as of each run in which one of them changed.';
comment on column segment_trend.segment is 'Key of the segment.';
comment on column segment_trend.as_of is 'As of which run.';
comment on column segment_trend.members is 'Leads that were in it.';
comment on column segment_trend.leads is 'All leads that existed.';
comment on column segment_trend.share is 'members / leads, from 0 to 1.';
comment on column segment_trend.entered is 'Entries in that run by cause data, time or manual.';
comment on column segment_trend."left" is 'Exits in that run by cause data, time or manual.';
comment on column segment_trend.mean_score is 'Mean engagement score of the members; null without members.';
