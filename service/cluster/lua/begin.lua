-- A worker is about to judge a work that it has taken.
-- KEYS[1] prefix, KEYS[2] and [3] the lists of slices, interactive and batch. ARGV: work, worker.
-- Returns {wanted?, slices that wait: interactive, batch, watched?}.
local p, work, name = KEYS[1], KEYS[1] .. 'work:' .. ARGV[1], ARGV[1]
local waits = {redis.call('LLEN', KEYS[2]), redis.call('LLEN', KEYS[3])}
local now = redis.call('HMGET', work, 'state', 'worker')
-- Running and its own: the answer to the first asking was lost on the way.
if (now[1] ~= 'taken' and now[1] ~= 'running') or now[2] ~= ARGV[2] then return {0, waits[1], waits[2], 0} end
local entries = redis.call('SMEMBERS', p .. 'entries:' .. name)
if #entries == 0 then -- all were cancelled
  redis.call('DEL', work)
  redis.call('ZREM', p .. 'running', name)
  return {0, waits[1], waits[2], 0}
end
if now[1] == 'taken' then redis.call('HINCRBY', work, 'tries', 1) end
redis.call('HSET', work, 'state', 'running')
for _, id in ipairs(entries) do
  redis.call('ZREM', p .. 'waiting:interactive', id)
  redis.call('ZREM', p .. 'waiting:batch', id)
end
return {1, waits[1], waits[2], redis.call('HEXISTS', work, 'watched')}
