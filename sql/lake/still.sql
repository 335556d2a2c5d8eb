-- Whether nobody else has begun to write meanwhile. $1 lake uuid, $2 generation bigint. One row if so.
select from lakes where lake = $1::uuid and generation = $2::bigint
