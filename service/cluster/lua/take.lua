-- A worker takes the works of a slice; from now on it has to renew its lease on them.
-- KEYS[1] prefix. ARGV: slice, worker, lease (ms), works...
-- Returns for each work {payload, line, tries, workers to avoid} or false when it is not waiting any more.
local p, worker, lease = KEYS[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + lease
local taken = {}
for i = 4, #ARGV do
  local work = p .. 'work:' .. ARGV[i]
  if redis.call('HGET', work, 'state') == 'waiting' then
    redis.call('HSET', work, 'state', 'taken', 'worker', worker)
    redis.call('ZADD', p .. 'running', until_ms, ARGV[i])
    taken[i - 3] = redis.call('HMGET', work, 'payload', 'line', 'tries', 'avoid')
  else
    taken[i - 3] = false
  end
end
redis.call('ZREM', p .. 'slices', ARGV[1]) -- last: a Redis that is full refuses what comes before, and the slice is found again
return taken
