-- One request for wrk, taken from the environment: BENCH_METHOD, BENCH_HEADERS ("name: value" lines) and
-- BENCH_BODY_FILE. The last line of the output is a JSON object with what was counted.

wrk.method = os.getenv("BENCH_METHOD")
for name, value in os.getenv("BENCH_HEADERS"):gmatch("([^:\n]+): ([^\n]+)") do
  wrk.headers[name] = value
end
local path = os.getenv("BENCH_BODY_FILE")
if path then
  local file = assert(io.open(path, "rb"))
  wrk.body = file:read("*a")
  file:close()
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
