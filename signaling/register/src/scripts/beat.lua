-- KEYS: the nodes. ARGV: who, what it says of itself, lease in ms. Answers with all who live.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s', now + ARGV[3], ARGV[2]))
local living = {}
local nodes = redis.call('HGETALL', KEYS[1])
for i = 1, #nodes, 2 do
    local ends, said = string.match(nodes[i + 1], '^(%d+) (.*)$')
    if ends and tonumber(ends) > now then
        living[#living + 1] = said
    else
        redis.call('HDEL', KEYS[1], nodes[i])
    end
end
return living
