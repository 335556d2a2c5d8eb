-- Stored definitions in their JSON form take the language's new shape: a time is `when`, and no longer `within` alone.
-- A quote inside of a value is escaped in JSON's text, so these patterns meet keys only.
update segment_versions
set tree = replaced.tree
from (
  select segment_id, version,
    regexp_replace(
      regexp_replace(
        regexp_replace(
          regexp_replace(
            regexp_replace(
              tree::text,
              '"within": (\{"unit": "\w+", "amount": \d+\})', '"when": {"is": "within", "duration": \1}', 'g'),
            '\{"is": "not within", "kind": "last_activity", "duration": (\{[^}]*\})\}',
            '{"is": "no", "kind": "last_activity", "when": {"is": "within", "duration": \1}}', 'g'),
          '\{"is": "within", "kind": "last_activity", "duration": (\{[^}]*\})\}',
          '{"is": "last", "kind": "last_activity", "when": {"is": "within", "duration": \1}}', 'g'),
        '\{"is": "more than", "kind": "last_activity", "duration": (\{[^}]*\})\}',
        '{"is": "last", "kind": "last_activity", "when": {"is": "more than ago", "duration": \1}}', 'g'),
      '\{"is": "(within|more than)", "kind": "first_seen", "duration": (\{[^}]*\})\}',
      '{"kind": "first_seen", "when": {"is": "\1", "duration": \2}}', 'g')::jsonb as tree
  from segment_versions
) replaced
where segment_versions.segment_id = replaced.segment_id and segment_versions.version = replaced.version
  and segment_versions.tree is distinct from replaced.tree;

update segment_versions
set tree = regexp_replace(tree::text,
  '\{"kind": "first_seen", "when": \{"is": "more than", "duration"', '{"kind": "first_seen", "when": {"is": "more than ago", "duration"', 'g')::jsonb
where tree::text like '%{"kind": "first_seen", "when": {"is": "more than"%';
