-- Take one of the places that a key has for sessions, on whatever worker.
-- KEYS[1] prefix. ARGV: digest of the caller, name of the place, places, how long it is held (ms) unless it is held anew.
-- Returns 1, or 0 when all are taken.
local places = KEYS[1] .. 'session-places:' .. ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', places, '-inf', now)
if redis.call('ZCARD', places) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', places, now + ARGV[4], ARGV[2])
redis.call('PEXPIRE', places, 86400000)
return 1
