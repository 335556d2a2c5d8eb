-- One step towards the least lead among all who ever shared an account, directly or through others: to the least that
-- anybody of the same account has come to, and on to where that one has come to. Runs on DuckDB.
-- Reads link(lead_id, account_id), root(lead_id, root). Columns: lead_id, root.
with of_account as (
  select account_id, min(root) as root from link join root using (lead_id) group by account_id
),
nearer as (
  select lead_id, min(root) as root from link join of_account using (account_id) group by lead_id
)
select nearer.lead_id, least(nearer.root, beyond.root) as root
from nearer join nearer as beyond on beyond.lead_id = nearer.root
