-- KEYS: the room. ARGV: who, the epoch it has or 0, the epoch it deposes or -1, lease and memory in ms.
-- The rules are those of signaling_directory::Ledger; a test compares them.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local entry = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'until')
local owner, epoch, ends = entry[1], tonumber(entry[2] or 0), tonumber(entry[3] or 0)
local has, deposes = tonumber(ARGV[2]), tonumber(ARGV[3])
if not owner then
    epoch = math.max(has, 1)
elseif owner == ARGV[1] then
    epoch = math.max(epoch, has)
elseif ends > now and deposes ~= epoch then
    if has <= epoch then
        return {owner, epoch, 1}
    end
    epoch = has
else
    epoch = math.max(epoch, has) + 1
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch, 'until', now + ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {ARGV[1], epoch, 1}
