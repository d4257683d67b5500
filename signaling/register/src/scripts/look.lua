-- KEYS: the room. Answers with nothing, or with owner, epoch, and whether the lease lives (1), is over (0)
-- or was given back (2).
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local entry = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'until')
if not entry[1] then
    return {}
end
local ends = tonumber(entry[3])
return {entry[1], tonumber(entry[2]), ends == 0 and 2 or ends > now and 1 or 0}
