// What the load tool can do to a server, and what it saw.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace interlock::bench {

struct Options {
  std::string plant;            // Folder.
  std::uint16_t port = 0;       // Of the server, on 127.0.0.1.
  pid_t pid = 0;                // The server's process, whose cost is measured; 0: none.
  std::size_t first = 0;        // First device used.
  std::size_t devices = 0;      // So many devices in turn; 0: one for each connection or handshake.
  std::size_t count = 1000;     // Operations that are measured.
  std::size_t warmup = 0;       // Operations before, which are not.
  std::size_t connections = 8;  // At one time.
  bool resume = false;          // Handshakes resume a session got in the warm-up.
  std::string method = "GET";
  std::string path = "/v1/recipes/a";
  std::uint64_t body = 0;  // Bytes of each request's body.
  int status = 200;        // Any other answer is an error.
  std::uint64_t rate = 0;  // Requests a second, from a clock; 0: each after the last one's answer.
  bool ask = false;        // Idle connections have made one request each.
};

struct Seen {
  std::uint64_t operations = 0, errors = 0;
  std::map<std::string, std::uint64_t> failures;  // Words for errors, and how often.
  std::uint64_t bytes = 0;                        // Of bodies, both ways.
  double seconds = 0;
  std::uint64_t server_cpu_ns = 0;
  std::int64_t server_rss_kib = 0, server_pss_kib = 0;  // Growth, of `idle`.
  std::vector<double> latencies_us;
};

// run_handshakes connects and closes. A handshake counts where the server has accepted the client:
// it has sent a ticket and no alert, and has ended the connection in order.
Seen run_handshakes(const Options& options);

// run_requests keeps `connections` open and sends requests over them.
Seen run_requests(const Options& options);

// run_idle opens `connections`, and measures what they add to the server's memory.
Seen run_idle(const Options& options);

}  // namespace interlock::bench
