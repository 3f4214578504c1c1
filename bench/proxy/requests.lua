-- For wrk: requests of random sessions, from a file with a cookie a line.
-- Arguments: the file, the Host.
local requests = {}

function init(args)
  math.randomseed(os.time())
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = "GET /api/orders?page=2 HTTP/1.1\r\nHost: " .. args[2]
      .. "\r\nAccept: application/json\r\nAccept-Encoding: gzip, br\r\nAccept-Language: en"
      .. "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
      .. "\r\nX-CSRF: 1\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty"
      .. "\r\nCookie: " .. cookie .. "\r\n\r\n"
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"seconds":%f,"p99Ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3, failed))
end
