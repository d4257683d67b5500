-- KEYS: the room. Answers with owner, epoch and whether the lease lives, or with nothing.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local entry = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'until')
if not entry[1] then
    return {}
end
return {entry[1], tonumber(entry[2]), tonumber(entry[3]) > now and 1 or 0}
