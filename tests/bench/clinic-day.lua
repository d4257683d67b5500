-- The requests of a file, one after the other from a place of chance on.
local requests = {}
local at = 0

function init(args)
  for line in io.lines(args[1]) do
    local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { ["Authorization"] = "Bearer " .. token, ["X-Requested-With"] = "telehealth" }
    if body ~= "" then headers["Content-Type"] = "application/json" else body = nil end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
  -- The kinds of requests mixed, the same in every run.
  local seed = 12345
  for last = #requests, 2, -1 do
    seed = (seed * 1103515245 + 12345) % 2147483648
    local other = seed % last + 1
    requests[last], requests[other] = requests[other], requests[last]
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
