// The page that Prometheus reads: what the data threads have counted, and what there is to say
// about the gateway now, as text (text format 0.0.4). Which metrics there are: metrics.def.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/snapshot.h"
#include "session/meter.h"
#include "session/service_table.h"

namespace interlock::control {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// Metric is one line of metrics.def.
struct Metric {
  std::string_view kind;  // "counter", "gauge" or "histogram".
  std::string_view name;
  std::string_view labels;  // "trust, issuer"; empty: none.
  std::string_view help;
};

// all_metrics lists every metric, in the order in which they are rendered.
std::span<const Metric> all_metrics();

struct ReloadFacts {
  std::uint64_t applied = 0, unchanged = 0, rejected = 0;
  bool last_successful = true;
};

struct AuditFacts {
  bool healthy = true;
  std::uint64_t last_seq = 0;
  bool disk_full = false;
  std::uint64_t queue_bytes = 0;
  std::uint64_t num_failures = 0;
  double lag_seconds = 0;
};

struct ProcessFacts {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  WallTime started;
};

// MetricFacts is all that the page is made of.
struct MetricFacts {
  std::string version;
  const policy::Snapshot& snapshot;  // In force,
  WallTime snapshot_since;           // and since when.
  ReloadFacts reloads;
  std::vector<const session::Meter*> meters;  // One of each data thread.
  // As in the snapshot: what is known of each service.
  std::vector<std::shared_ptr<const session::ServiceState>> services;
  AuditFacts audit;
  ProcessFacts process;
};

// render_metrics writes the page. Every value of a closed list has its line from the start, so that
// nothing appears for the first time when something is wrong.
std::string render_metrics(const MetricFacts& facts);

}  // namespace interlock::control
