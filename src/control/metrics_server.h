// The HTTP server of the metrics page: GET /metrics, one request per connection, and nothing else.
// It stands on the ByteStream port. Anybody who reaches the address may read, so nobody may hold
// anything for long: connections, bytes and time are bounded, and so is how often the page is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "port/byte_stream.h"
#include "port/clock.h"
#include "port/wakeup.h"

namespace interlock::control {

// MetricsServer belongs to one thread. At most limits::kMetricsConnectionsMax connections are open,
// and one that has been answered makes room for another; each ends limits::kMetricsTimeout after it
// began, whatever its client does.
class MetricsServer {
 public:
  // `render` writes the page; it is called at most once in limits::kMetricsAgeMax.
  MetricsServer(const port::Clock& clock, port::Wakeup& wakeup,
                std::function<std::string()> render);
  ~MetricsServer();

  // open takes a new connection. The loop calls it from a fresh stack.
  void open(std::unique_ptr<port::ByteStream> stream);

  // on_tick closes what takes too long. Call it about once a second.
  void on_tick();

  // on_wakeup frees connections that have ended. The loop calls it from a fresh stack.
  void on_wakeup();

  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  class Connection;
  const std::string& page();
  void retire(std::uint64_t id);

  const port::Clock& clock_;
  port::Wakeup& wakeup_;
  const std::function<std::string()> render_;
  std::string page_;
  std::optional<Instant> rendered_;  // When; nothing: never.
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::uint64_t> retired_;
};

}  // namespace interlock::control
