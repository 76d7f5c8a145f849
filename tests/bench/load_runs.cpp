#include "bench/load_runs.h"

#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>

#include <fmt/format.h>

#include "bench/load_connection.h"
#include "bench/server_cost.h"

namespace interlock::bench {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point then) {
  return std::chrono::duration<double, std::micro>(Clock::now() - then).count();
}

// What the server does later for what it has done (logs) belongs to it. Bounded; nothing is waited
// for that could come early.
constexpr int kSettleMs = 400;
// An idle connection is one that has said nothing for a while: servers then give back what they
// can.
constexpr int kRestMs = 4'000;

// Base is a run with its devices, its connections and the bill.
class Base : public Run {
 public:
  Base(const Options& options, std::size_t num_devices)
      : options_(options),
        plant_(read_plant(options.plant, options.first, num_devices)),
        loop_(*this) {}

  int on_pass() override { return -1; }

 protected:
  void dial(Connection& connection, std::size_t device, bool resume = false) {
    // 1,000 connections from each address: none is bounded by its ports, and a server may count
    // what comes from one address.
    const in_addr_t source = 0x7f000002 + static_cast<in_addr_t>(num_dialed_++ / 1000 % 200);
    connection.open(source, options_.port, plant_.devices[device % plant_.devices.size()],
                    plant_.intermediate.get(), resume);
  }
  void fill_slots(std::size_t num) {
    while (slots_.size() < num) {
      slots_.push_back(std::make_unique<Connection>(loop_, slots_.size()));
    }
  }
  void failed(const std::string& what) {
    ++seen_.errors;
    ++seen_.failures[what];
  }
  void settle(int ms = kSettleMs) {
    bool never = false;
    const auto until = Clock::now() + std::chrono::milliseconds(ms);
    settling_until_ = until;
    settled_ = &never;
    loop_.go(never);
    settled_ = nullptr;
  }
  // settling is for on_pass: how long to wait while settling, 0 where that is over.
  int settling() {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(settling_until_ - Clock::now());
    if (left.count() <= 0) *settled_ = true;
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }
  void start_bill() {
    settle();
    seen_ = {};
    before_ = options_.pid != 0 ? server_cost(options_.pid) : ServerCost{};
    started_ = Clock::now();
  }
  Seen& close_bill() {
    seen_.seconds = us_since(started_) / 1e6;
    settle();
    if (options_.pid != 0) {
      const ServerCost after = server_cost(options_.pid);
      seen_.server_cpu_ns = after.cpu_ns - before_.cpu_ns;
      seen_.server_rss_kib = static_cast<std::int64_t>(after.rss_kib - before_.rss_kib);
      seen_.server_pss_kib = static_cast<std::int64_t>(after.pss_kib - before_.pss_kib);
    }
    return seen_;
  }

  const Options& options_;
  Plant plant_;
  Loop loop_;
  std::vector<std::unique_ptr<Connection>> slots_;
  Seen seen_;
  bool* settled_ = nullptr;

 private:
  std::size_t num_dialed_ = 0;
  ServerCost before_;
  Clock::time_point started_, settling_until_;
};

Request get(const Options& options) {
  return {.head =
              fmt::format("GET {} HTTP/1.1\r\nHost: gateway\r\nAccept: */*\r\n\r\n", options.path)};
}

class Handshakes final : public Base {
 public:
  explicit Handshakes(const Options& options)
      : Base(options, options.devices != 0 ? options.devices : options.warmup + options.count) {}

  Seen go() {
    // Who resumes does so in the slot, and so as the device, that got the session.
    const std::size_t num = options_.connections;
    fill_slots(num);
    begun_at_.resize(num);
    phase(options_.warmup, false);
    start_bill();
    phase(options_.count, options_.resume);
    return close_bill();
  }

  void on_open(Connection& connection) override {
    // A session that was asked for and not got is not what is measured.
    if (resuming_ && !connection.resumed()) failed("the session was not resumed");
    if (options_.resume && !resuming_) {
      connection.send(request_);  // A session is kept only where a ticket comes before our end.
    } else {
      connection.finish();
    }
  }
  void on_answer(Connection& connection, int, std::uint64_t) override { connection.finish(); }
  void on_end(Connection& connection, const char* failure) override {
    ++seen_.operations;
    if (failure == nullptr && !connection.has_ticket()) failure = "no ticket came";
    if (failure != nullptr) failed(failure);
    seen_.latencies_us.push_back(us_since(begun_at_[connection.slot()]));
    if (num_begun_ < num_wanted_) {
      begin(connection);
    } else if (seen_.operations == num_wanted_) {
      done_ = true;
    }
  }
  int on_pass() override { return settled_ != nullptr ? settling() : -1; }

 private:
  void phase(std::size_t num, bool resume) {
    seen_.operations = 0;
    num_begun_ = 0;
    num_wanted_ = num;
    resuming_ = resume;
    done_ = num == 0;
    for (const auto& slot : slots_) {
      if (num_begun_ < num_wanted_) begin(*slot);
    }
    loop_.go(done_);
  }
  void begin(Connection& connection) {
    ++num_begun_;
    begun_at_[connection.slot()] = Clock::now();
    const std::size_t device =
        options_.resume ? connection.slot() : next_device_++ % plant_.devices.size();
    dial(connection, device, resuming_);
  }

  const Request request_ = get(options_);
  std::vector<Clock::time_point> begun_at_;
  std::size_t num_begun_ = 0, num_wanted_ = 0, next_device_ = 0;
  bool resuming_ = false, done_ = false;
};

class Requests final : public Base {
 public:
  explicit Requests(const Options& options)
      : Base(options, options.devices != 0 ? options.devices : options.connections) {
    request_.head = fmt::format("{} {} HTTP/1.1\r\nHost: gateway\r\nUser-Agent: bench\r\n",
                                options.method, options.path);
    if (options.body > 0) {
      request_.head +=
          fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", options.body);
    }
    request_.head += "Accept: */*\r\n\r\n";
    request_.body_bytes = options.body;
  }

  Seen go() {
    fill_slots(options_.connections);
    sent_at_.resize(options_.connections);
    for (const auto& slot : slots_) dial(*slot, slot->slot());
    loop_.go(all_open_);
    // At least one request each: who was refused after its handshake is found out now.
    phase(std::max(options_.warmup, options_.connections), 0);
    start_bill();
    phase(options_.count, options_.rate);
    return close_bill();
  }

  void on_open(Connection& connection) override {
    free_.push_back(&connection);
    if (free_.size() == slots_.size()) all_open_ = true;
  }
  void on_answer(Connection& connection, int status, std::uint64_t body_bytes) override {
    seen_.latencies_us.push_back(us_since(sent_at_[connection.slot()]));
    seen_.bytes += body_bytes + request_.body_bytes;
    if (status != options_.status) failed(fmt::format("status {}", status));
    finish_one(connection);
  }
  void on_end(Connection& connection, const char* failure) override {
    throw std::runtime_error(fmt::format("connection {} ended: {}", connection.slot(),
                                         failure != nullptr ? failure : "in order"));
  }

  // With a rate, what is due is sent, from the oldest on; its latency counts from when it was due.
  int on_pass() override {
    if (settled_ != nullptr) return settling();
    if (done_ || rate_ == 0) return -1;
    const auto interval = std::chrono::nanoseconds(1'000'000'000 / rate_);
    while (num_begun_ < num_wanted_ && !free_.empty()) {
      const auto due = phase_at_ + interval * static_cast<std::int64_t>(num_begun_);
      const auto wait = due - Clock::now();
      if (wait.count() > 0) {
        return static_cast<int>(
            std::chrono::duration_cast<std::chrono::milliseconds>(wait).count());
      }
      send_one(due);
    }
    return -1;
  }

 private:
  void phase(std::size_t num, std::uint64_t rate) {
    seen_.operations = 0;
    num_begun_ = 0;
    num_wanted_ = num;
    rate_ = rate;
    done_ = num == 0;
    phase_at_ = Clock::now();
    while (rate == 0 && num_begun_ < num_wanted_ && !free_.empty()) send_one(Clock::now());
    loop_.go(done_);
  }
  void send_one(Clock::time_point due) {
    Connection& connection = *free_.front();
    free_.pop_front();
    ++num_begun_;
    sent_at_[connection.slot()] = due;
    connection.send(request_);
  }
  void finish_one(Connection& connection) {
    free_.push_back(&connection);
    if (++seen_.operations == num_wanted_) {
      done_ = true;
    } else if (rate_ == 0 && num_begun_ < num_wanted_) {
      send_one(Clock::now());
    }
  }

  Request request_;
  std::deque<Connection*> free_;
  std::vector<Clock::time_point> sent_at_;
  Clock::time_point phase_at_;
  std::size_t num_begun_ = 0, num_wanted_ = 0;
  std::uint64_t rate_ = 0;
  bool all_open_ = false, done_ = true;
};

class Idle final : public Base {
 public:
  explicit Idle(const Options& options)
      : Base(options, options.devices != 0 ? options.devices : options.connections) {}

  Seen go() {
    start_bill();
    fill_slots(options_.connections);
    for (const auto& slot : slots_) {
      if (num_dialed_ == kAtOnce) break;
      dial_next(*slot);
    }
    loop_.go(done_);
    settle(kRestMs);
    Seen seen = close_bill();
    wake();
    seen.errors = seen_.errors;
    seen.failures = seen_.failures;
    return seen;
  }

  void on_open(Connection& connection) override {
    if (options_.ask) {
      connection.send(request_);
    } else {
      settle_one();
    }
  }
  void on_answer(Connection&, int status, std::uint64_t) override {
    if (status != options_.status) failed(fmt::format("status {}", status));
    settle_one();
  }
  void on_end(Connection&, const char* failure) override {
    throw std::runtime_error(failure != nullptr ? failure : "the server closed a connection");
  }
  int on_pass() override { return settled_ != nullptr ? settling() : -1; }

 private:
  static constexpr std::size_t kAtOnce = 16;  // Handshakes under way.

  // wake has each make a request: whoever was idle is served as before.
  void wake() {
    waking_ = true;
    done_ = false;
    seen_.operations = 0;
    while (num_woken_ < std::min(kAtOnce, slots_.size())) slots_[num_woken_++]->send(request_);
    loop_.go(done_);
  }
  void dial_next(Connection& connection) {
    ++num_dialed_;
    dial(connection, connection.slot());
  }
  void settle_one() {
    ++seen_.operations;
    if (waking_) {
      if (num_woken_ < slots_.size()) slots_[num_woken_++]->send(request_);
    } else if (num_dialed_ < slots_.size()) {
      dial_next(*slots_[num_dialed_]);
    }
    done_ = seen_.operations == slots_.size();
  }

  const Request request_ = get(options_);
  std::size_t num_dialed_ = 0, num_woken_ = 0;
  bool waking_ = false, done_ = false;
};

}  // namespace

Seen run_handshakes(const Options& options) { return Handshakes(options).go(); }
Seen run_requests(const Options& options) { return Requests(options).go(); }
Seen run_idle(const Options& options) { return Idle(options).go(); }

}  // namespace interlock::bench
