-- A work goes back to the line.
-- KEYS[1] prefix. ARGV: work, why, worker, tries at most.
--   why "expired": the lease of its worker ran out; "elsewhere": its worker failed at it, another may not; "back": not begun.
-- Returns its line when a slice has to be made for it, "poison" when it has been tried too often, or "" when there is nothing to do.
local p, name, why = KEYS[1], ARGV[1], ARGV[2]
local work = p .. 'work:' .. name
local known = redis.call('HMGET', work, 'state', 'worker', 'line', 'tries', 'avoid')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if known[1] ~= 'taken' and known[1] ~= 'running' then
  if why == 'expired' then redis.call('ZREM', p .. 'running', name) end
  return ''
end
if why == 'expired' then
  if tonumber(redis.call('ZSCORE', p .. 'running', name) or 0) > now then return '' end
elseif known[2] ~= ARGV[3] then
  return ''
end
local entries = redis.call('SMEMBERS', p .. 'entries:' .. name)
if #entries == 0 then
  redis.call('DEL', work)
  redis.call('ZREM', p .. 'running', name)
  return ''
end
if why == 'expired' and tonumber(known[4]) >= tonumber(ARGV[4]) then
  redis.call('ZADD', p .. 'running', now + 5000, name) -- until whoever asked has finished it
  return 'poison'
end
if why == 'elsewhere' then redis.call('HSET', work, 'avoid', (known[5] or '') .. ARGV[3] .. ' ') end
redis.call('HSET', work, 'state', 'waiting')
redis.call('ZREM', p .. 'running', name)
for _, id in ipairs(entries) do redis.call('ZADD', p .. 'waiting:' .. known[3], now, id) end
return known[3]
