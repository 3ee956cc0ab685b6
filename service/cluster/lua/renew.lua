-- A worker lives and still has these works.
-- KEYS[1] prefix. ARGV: worker, lease (ms), works...
-- Returns those that are no longer its own.
local p, worker = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
local lost = {}
for i = 3, #ARGV do
  local known = redis.call('HMGET', p .. 'work:' .. ARGV[i], 'state', 'worker')
  if known[2] == worker and (known[1] == 'taken' or known[1] == 'running') then
    redis.call('ZADD', p .. 'running', until_ms, ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
