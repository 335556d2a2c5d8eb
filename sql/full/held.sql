-- Membership as words of bits. Runs on DuckDB. Reads copied(segment_id, lead_id), planned. Columns: lead_id, word, bits.
select lead_id, word, cast(sum(bit) as bigint) as bits
from copied join planned using (segment_id)
group by lead_id, word
order by lead_id
