-- A work has its result. The first result counts; a second one, of a worker that was thought dead, changes nothing.
-- KEYS[1] prefix. ARGV: work, result, status, verdict, seconds of judging, result ttl (ms), results kept, may it answer others?
-- Returns 1 when this result counts.
local p, name, work = KEYS[1], ARGV[1], KEYS[1] .. 'work:' .. ARGV[1]
local known = redis.call('HMGET', work, 'state', 'key')
if not known[1] or known[1] == 'done' then return 0 end
local ttl, key = ARGV[6], known[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', work, 'state', 'done', 'result', ARGV[2], 'status', ARGV[3], 'verdict', ARGV[4], 'judged_s', ARGV[5],
  'finished', now)
redis.call('HDEL', work, 'payload')
redis.call('PEXPIRE', work, ttl)
redis.call('ZREM', p .. 'running', name)
for _, id in ipairs(redis.call('SMEMBERS', p .. 'entries:' .. name)) do
  local entry = p .. 'entry:' .. id
  local idem = redis.call('HGET', entry, 'idempotency')
  if idem and idem ~= '' then redis.call('PEXPIRE', p .. 'idempotency:' .. idem, ttl) end
  redis.call('PEXPIRE', entry, ttl)
  redis.call('ZREM', p .. 'waiting:interactive', id)
  redis.call('ZREM', p .. 'waiting:batch', id)
  redis.call('ZREM', p .. 'deadlines', id)
  redis.call('ZADD', p .. 'done', now, id)
end
redis.call('DEL', p .. 'entries:' .. name)
if key and key ~= '' and redis.call('GET', p .. 'key:' .. key) == name then
  if ARGV[8] == '1' then redis.call('PEXPIRE', p .. 'key:' .. key, ttl) else redis.call('DEL', p .. 'key:' .. key) end
end
redis.call('ZREMRANGEBYSCORE', p .. 'done', '-inf', now - ttl)
while redis.call('ZCARD', p .. 'done') > tonumber(ARGV[7]) do
  local id = redis.call('ZPOPMIN', p .. 'done')[1]
  local idem = redis.call('HGET', p .. 'entry:' .. id, 'idempotency')
  if idem and idem ~= '' then redis.call('DEL', p .. 'idempotency:' .. idem) end
  redis.call('DEL', p .. 'entry:' .. id)
end
redis.call('PUBLISH', p .. 'news', name)
return 1
