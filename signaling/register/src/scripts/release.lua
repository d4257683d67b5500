-- KEYS: the room. ARGV: who. The epoch stays, so that the next owner gets a higher one.
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
    redis.call('HSET', KEYS[1], 'until', 0)
end
return 1
