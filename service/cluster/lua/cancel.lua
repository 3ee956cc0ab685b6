-- An entry waits no longer, for its caller cancelled it or its deadline passed; its work ends when no other entry waits for it.
-- KEYS[1] prefix. ARGV: id, result, result ttl (ms).
-- Returns 1, or 0 when it had its result before.
local p, id, entry, ttl = KEYS[1], ARGV[1], KEYS[1] .. 'entry:' .. ARGV[1], ARGV[3]
local name = redis.call('HGET', entry, 'work')
if not name or redis.call('HEXISTS', entry, 'own') == 1 then return 0 end
local work = p .. 'work:' .. name
local known = redis.call('HMGET', work, 'state', 'key')
if known[1] == 'done' then return 0 end
local time = redis.call('TIME')
redis.call('HSET', entry, 'own', ARGV[2])
redis.call('PEXPIRE', entry, ttl)
local idem = redis.call('HGET', entry, 'idempotency')
if idem and idem ~= '' then redis.call('PEXPIRE', p .. 'idempotency:' .. idem, ttl) end
redis.call('ZREM', p .. 'waiting:interactive', id)
redis.call('ZREM', p .. 'waiting:batch', id)
redis.call('ZADD', p .. 'done', time[1] * 1000 + math.floor(time[2] / 1000), id)
redis.call('ZREM', p .. 'deadlines', id)
redis.call('SREM', p .. 'entries:' .. name, id)
if redis.call('SCARD', p .. 'entries:' .. name) == 0 then
  local key = known[2]
  if key and key ~= '' and redis.call('GET', p .. 'key:' .. key) == name then redis.call('DEL', p .. 'key:' .. key) end
  if known[1] == 'waiting' then
    redis.call('DEL', work)
  else
    redis.call('PUBLISH', p .. 'orders', 'cancel ' .. name)
  end
end
redis.call('PUBLISH', p .. 'news', 'entry ' .. id)
return 1
