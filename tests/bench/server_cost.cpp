#include "bench/server_cost.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace interlock::bench {
namespace {

namespace fs = std::filesystem;

std::uint64_t number(const std::string& digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// utime and stime are the 14th and 15th field; the second is a name that may hold anything but
// ends in the last ")".
std::uint64_t ticks_of(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field;
  std::uint64_t ticks = 0;
  for (int i = 3; i <= 15 && fields >> field; ++i) {
    if (i >= 14) ticks += number(field);
  }
  return ticks;
}

// schedstat counts the same in nanoseconds, where the kernel has it; stat in hundredths.
std::uint64_t thread_ns(const fs::path& task) {
  const std::string schedstat = text_of(task / "schedstat");
  if (!schedstat.empty()) return number(schedstat.substr(0, schedstat.find(' ')));
  const auto hz = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return ticks_of(text_of(task / "stat")) * (1'000'000'000 / hz);
}

std::uint64_t memory_line(const std::string& rollup, const std::string& name) {
  const std::size_t at = rollup.find("\n" + name + ":");
  if (at == std::string::npos) return 0;
  const std::size_t digits = rollup.find_first_of("0123456789", at);
  return digits == std::string::npos ? 0 : number(rollup.substr(digits, 20));
}

void add(const fs::path& process, ServerCost& cost) {
  std::error_code gone;
  for (const auto& task : fs::directory_iterator(process / "task", gone)) {
    cost.cpu_ns += thread_ns(task.path());
    std::istringstream children(text_of(task.path() / "children"));
    for (std::string child; children >> child;) add(fs::path("/proc") / child, cost);
  }
  const std::string rollup = text_of(process / "smaps_rollup");
  cost.rss_kib += memory_line(rollup, "Rss");
  cost.pss_kib += memory_line(rollup, "Pss");
}

}  // namespace

ServerCost server_cost(pid_t pid) {
  ServerCost cost;
  add(fs::path("/proc") / std::to_string(pid), cost);
  return cost;
}

}  // namespace interlock::bench
