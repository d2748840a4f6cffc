-- Sends the messages of a file, one after the other, and tells as JSON what came back.
-- Each line of the file: timestamp, signature and body, with a tab between them. Arguments: file, secret, first line.
local requests, place = {}, 0

function init(arguments)
  place = tonumber(arguments[3])
  local headers = { ["Content-Type"] = "application/json", ["X-Vapi-Secret"] = arguments[2] }
  for line in io.lines(arguments[1]) do
    local timestamp, signature, body = line:match("^(%d+)\t(%x+)\t(.*)$")
    headers["X-Timestamp"], headers["X-Signature"] = timestamp, signature
    requests[#requests + 1] = wrk.format("POST", "/vapi/webhook", headers, body)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
