-- Fill the places of jobs that `reserve` let in: an entry for each, and a work unless one is under way or done.
-- KEYS[1] prefix. ARGV: result ttl (ms), number of jobs, then for each:
--   id, result key, idempotency key, line, head, payload, deadline (ms from now, or '').
-- Returns for each the name of its work, behind "new ", "joined ", "promoted ", "cached " or "known ".
local p, ttl, n = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local told = {}
local function move(id, from, to)
  if redis.call('ZREM', p .. 'waiting:' .. from, id) == 1 then redis.call('ZADD', p .. 'waiting:' .. to, now, id) end
end
for i = 1, n do
  local at = 2 + (i - 1) * 7
  local id, key, idem, line = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local entry = p .. 'entry:' .. id
  local before = redis.call('HGET', entry, 'work')
  local work = key ~= '' and redis.call('GET', p .. 'key:' .. key)
  local state = work and redis.call('HGET', p .. 'work:' .. work, 'state')
  if before then
    told[i] = 'known ' .. before
  elseif state == 'done' then
    redis.call('HSET', entry, 'work', work, 'head', ARGV[at + 5], 'cached', 1, 'idempotency', idem)
    redis.call('PEXPIRE', entry, ttl)
    redis.call('PEXPIRE', p .. 'work:' .. work, ttl)
    redis.call('PEXPIRE', p .. 'key:' .. key, ttl)
    if idem ~= '' then redis.call('PEXPIRE', p .. 'idempotency:' .. idem, ttl) end
    redis.call('ZADD', p .. 'done', now, id)
    redis.call('ZREM', p .. 'waiting:' .. line, id)
    told[i] = 'cached ' .. work
  elseif state then
    redis.call('HSET', entry, 'work', work, 'head', ARGV[at + 5], 'idempotency', idem)
    redis.call('SADD', p .. 'entries:' .. work, id)
    local theirs = redis.call('HGET', p .. 'work:' .. work, 'line')
    told[i] = 'joined ' .. work
    if state == 'running' then
      redis.call('ZREM', p .. 'waiting:' .. line, id)
    elseif theirs == 'batch' and line == 'interactive' then
      redis.call('HSET', p .. 'work:' .. work, 'line', 'interactive')
      for _, other in ipairs(redis.call('SMEMBERS', p .. 'entries:' .. work)) do move(other, 'batch', 'interactive') end
      if state == 'waiting' then told[i] = 'promoted ' .. work end
    elseif theirs ~= line then
      move(id, line, theirs)
    end
  else
    redis.call('HSET', entry, 'work', id, 'head', ARGV[at + 5], 'idempotency', idem)
    redis.call('HSET', p .. 'work:' .. id, 'state', 'waiting', 'line', line, 'key', key, 'payload', ARGV[at + 6],
      'created', now, 'tries', 0)
    redis.call('SADD', p .. 'entries:' .. id, id)
    if key ~= '' then redis.call('SET', p .. 'key:' .. key, id) end
    told[i] = 'new ' .. id
  end
  if ARGV[at + 7] ~= '' and not before and state ~= 'done' then
    redis.call('ZADD', p .. 'deadlines', now + ARGV[at + 7], id)
  end
end
return told
