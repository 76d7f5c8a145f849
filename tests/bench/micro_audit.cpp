// One audit record: what a data thread does for it, and what the writer thread does.
#include <string>

#include <benchmark/benchmark.h>

#include "audit/format.h"
#include "pki/digest.h"

namespace {

using namespace interlock;

AuditRecord allowed_request() {
  AuditRecord record;
  record.time = WallTime{1'795'392'000'000};
  record.session = 4711;
  record.peer = "192.0.2.7:40112";
  record.listener = "telemetry";
  record.trust = "plant";
  record.spki = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  record.serial = "0123456789abcdef";
  record.device = "press-07";
  record.function = "press";
  record.protocol = "http";
  record.method = "GET";
  record.path = "/v1/recipes/a";
  record.service = "line";
  record.permit = "recipes";
  record.policy = "0123456789abcdef";
  return record;
}

void format_record(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    audit::append_fields(out, allowed_request());
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(format_record);

void chain_record(benchmark::State& state) {
  const audit::Envelope envelope("gate");
  std::string members, line;
  audit::append_fields(members, allowed_request());
  audit::Hash hash{};
  std::uint64_t seq = 0;
  for (auto _ : state) {
    line.clear();
    envelope.append_line(line, ++seq, members, hash);
    hash = pki::sha256(as_bytes(std::string_view(line).substr(0, line.size() - 1)));
  }
  state.counters["bytes"] = static_cast<double>(line.size());
}
BENCHMARK(chain_record);

}  // namespace
