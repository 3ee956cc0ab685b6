-- A worker lives and still has these works. What it may have missed on the channel of orders is said again.
-- KEYS[1] prefix. ARGV: worker, lease (ms), works...
-- Returns orders: "cancel NAME" for works that are no longer its own or that nobody waits for, "tell NAME" for watched ones.
local p, worker = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
local orders = {}
for i = 3, #ARGV do
  local known = redis.call('HMGET', p .. 'work:' .. ARGV[i], 'state', 'worker', 'watched')
  if known[2] == worker and (known[1] == 'taken' or known[1] == 'running') then
    redis.call('ZADD', p .. 'running', until_ms, ARGV[i])
    if redis.call('SCARD', p .. 'entries:' .. ARGV[i]) == 0 then
      orders[#orders + 1] = 'cancel ' .. ARGV[i]
    elseif known[3] then
      orders[#orders + 1] = 'tell ' .. ARGV[i]
    end
  else
    orders[#orders + 1] = 'cancel ' .. ARGV[i]
  end
end
return orders
