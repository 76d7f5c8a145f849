// interlock-load makes load on a TLS server on this machine and says what each operation cost it.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/json.h"
#include "bench/load_plant.h"
#include "bench/load_runs.h"
#include "bench/load_serve.h"

namespace {

using namespace interlock;
using namespace interlock::bench;

constexpr std::string_view kHelp =
    R"(interlock-load: load for a TLS server on 127.0.0.1, and what it costs that server

  interlock-load plant      --plant DIR --devices N    make certificates in an empty folder
  interlock-load serve      --port P                   be the plaintext service behind the server
  interlock-load handshakes --plant DIR --port P ...   full or, with --resume, resumed handshakes
  interlock-load requests   --plant DIR --port P ...   requests over connections that are kept
  interlock-load idle       --plant DIR --port P ...   connections that do nothing, and then
                                                       are each served once more

  --pid PID          the server: the CPU of it and its children is measured
  --first N          begin with device N
  --devices N        take turns with so many devices (each connection or handshake has its own)
  --count N          operations to measure (1000)
  --warmup N         operations before them (0; with --resume at least one for each connection)
  --connections N    at one time (8)
  --resume           resume the session that the slot got in the warm-up
  --method M --path P --body BYTES --status S    the request, and the answer it must get
                                                 (GET /v1/recipes/a, no body, 200)
  --rate R           requests a second by the clock, with latencies from when each was due;
                     without it each connection sends when it has its answer
  --ask              idle connections have made one request each

A handshake counts only when the server has accepted it. Prints one line of JSON. Exit code 1 where
there were errors.
)";

std::uint64_t number(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size()) {
    throw std::runtime_error(fmt::format("{} needs a number, not \"{}\"", name, text));
  }
  return value;
}

void set(Options& options, std::string_view name, const std::string& value) {
  const auto count = [&] { return number(name, value); };
  if (name == "--plant") {
    options.plant = value;
  } else if (name == "--method") {
    options.method = value;
  } else if (name == "--path") {
    options.path = value;
  } else if (name == "--port") {
    options.port = static_cast<std::uint16_t>(count());
  } else if (name == "--pid") {
    options.pid = static_cast<pid_t>(count());
  } else if (name == "--first") {
    options.first = count();
  } else if (name == "--devices") {
    options.devices = count();
  } else if (name == "--count") {
    options.count = count();
  } else if (name == "--warmup") {
    options.warmup = count();
  } else if (name == "--connections") {
    options.connections = count();
  } else if (name == "--body") {
    options.body = count();
  } else if (name == "--status") {
    options.status = static_cast<int>(count());
  } else if (name == "--rate") {
    options.rate = count();
  } else {
    throw std::runtime_error(fmt::format("there is no {}; see --help", name));
  }
}

Options read(int argc, char** argv) {
  Options options;
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--resume") {
      options.resume = true;
    } else if (name == "--ask") {
      options.ask = true;
    } else if (i + 1 < argc) {
      set(options, name, argv[++i]);
    } else {
      throw std::runtime_error(fmt::format("{} needs a value", name));
    }
  }
  if (options.resume) options.warmup = std::max(options.warmup, options.connections);
  return options;
}

double at(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int report(Seen seen) {
  std::sort(seen.latencies_us.begin(), seen.latencies_us.end());
  const double num = std::max<double>(1, static_cast<double>(seen.operations));
  std::string failures;
  for (const auto& [what, times] : seen.failures) {
    failures += failures.empty() ? "" : ",";
    JsonWriter(failures).value(what);
    failures += fmt::format(":{}", times);
  }
  fmt::print(
      "{{\"operations\":{},\"errors\":{},\"failures\":{{{}}},\"bytes\":{},\"seconds\":{:.3f},"
      "\"server_cpu_us\":{:.1f},\"cpu_us_per_op\":{:.2f},\"rss_kib\":{},\"pss_kib\":{},"
      "\"latency_us\":{{\"p50\":{:.0f},\"p99\":{:.0f},\"p999\":{:.0f},\"max\":{:.0f}}}}}\n",
      seen.operations, seen.errors, failures, seen.bytes, seen.seconds,
      static_cast<double>(seen.server_cpu_ns) / 1e3,
      static_cast<double>(seen.server_cpu_ns) / 1e3 / num, seen.server_rss_kib, seen.server_pss_kib,
      at(seen.latencies_us, 0.5), at(seen.latencies_us, 0.99), at(seen.latencies_us, 0.999),
      at(seen.latencies_us, 1));
  return seen.errors == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "--help";
  if (mode == "--help") {
    fmt::print("{}", kHelp);
    return 0;
  }
  const Options options = read(argc, argv);
  if (mode == "plant") {
    make_plant(options.plant, options.devices);
    return 0;
  }
  if (mode == "serve") serve(options.port);
  if (mode == "handshakes") return report(run_handshakes(options));
  if (mode == "requests") return report(run_requests(options));
  if (mode == "idle") return report(run_idle(options));
  throw std::runtime_error(fmt::format("there is no {}; see --help", mode));
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "interlock-load: {}\n", failure.what());
    return 1;
  }
}
