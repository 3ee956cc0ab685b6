-- Somebody wants to hear of a work's events.
-- KEYS[1] prefix. ARGV: work.
local work = KEYS[1] .. 'work:' .. ARGV[1]
local state = redis.call('HGET', work, 'state')
if not state or state == 'done' then return 0 end
redis.call('HSET', work, 'watched', 1)
redis.call('PUBLISH', KEYS[1] .. 'orders', 'tell ' .. ARGV[1])
return 1
