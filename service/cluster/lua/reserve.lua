-- Let jobs in, or none: checks idempotency keys and room, and takes the places of those that are new.
-- KEYS[1] prefix. ARGV: size, number of jobs, then for each: id, result key, idempotency key, body digest, line.
-- Returns {"ok", id...}, {"conflict", number}, {"large"} or {"full", how many too many}.
local p, size, n = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local ids, fresh = {}, {}
local new = 0
for i = 1, n do
  local at = 2 + (i - 1) * 5
  local id, key, idem, digest = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  ids[i] = id
  local known = false
  if idem ~= '' then
    local found = redis.call('GET', p .. 'idempotency:' .. idem)
    if found then
      local space = string.find(found, ' ', 1, true)
      if string.sub(found, space + 1) ~= digest then return {'conflict', i} end
      ids[i] = string.sub(found, 1, space - 1)
      -- A replica may have died between taking the place and filling it: then it is filled now.
      known = redis.call('EXISTS', p .. 'entry:' .. ids[i]) == 1
    end
  end
  if not known then
    local work = key ~= '' and redis.call('GET', p .. 'key:' .. key)
    local done = work and redis.call('HGET', p .. 'work:' .. work, 'state') == 'done'
    if not done then
      new = new + 1
      fresh[i] = true
    end
  end
end
if new > size then return {'large'} end
local waiting = redis.call('ZCARD', p .. 'waiting:interactive') + redis.call('ZCARD', p .. 'waiting:batch')
if new > 0 and waiting + new > size then return {'full', waiting + new - size} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, n do
  local at = 2 + (i - 1) * 5
  local idem, digest, line = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  if idem ~= '' then redis.call('SET', p .. 'idempotency:' .. idem, ids[i] .. ' ' .. digest, 'NX') end
  if fresh[i] then redis.call('ZADD', p .. 'waiting:' .. line, now, ids[i]) end
end
table.insert(ids, 1, 'ok')
return ids
