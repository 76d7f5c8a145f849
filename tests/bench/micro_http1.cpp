// The HTTP/1.1 codec: a request in and out, an answer in and out.
#include <string>

#include <benchmark/benchmark.h>

#include "wire/http1/encoder.h"
#include "wire/http1/request_decoder.h"
#include "wire/http1/response_decoder.h"

namespace {

using namespace interlock;

constexpr std::string_view kRequest =
    "GET /v1/recipes/a?x=1 HTTP/1.1\r\nHost: gateway.local:8443\r\nUser-Agent: press/1.2\r\n"
    "Accept: application/json\r\nX-Trace: 0123456789abcdef\r\nConnection: keep-alive\r\n\r\n";
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 26 Nov 2026 10:00:00 GMT\r\n"
    "Server: line\r\nContent-Length: 4\r\n\r\nbody";

void decode_request(benchmark::State& state) {
  http1::RequestDecoder decoder;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.decode(kRequest, false));  // The head.
    benchmark::DoNotOptimize(decoder.decode({}, false));        // The end.
  }
}
BENCHMARK(decode_request);

void encode_request(benchmark::State& state) {
  http1::RequestDecoder decoder;
  const auto decoded = decoder.decode(kRequest, false);
  const auto& head = std::get<http1::RequestHead>(decoded->event);
  const std::string identity = "Interlock-Device: " + std::string(900, 'i') + "\r\n";
  std::string out;
  for (auto _ : state) {
    out.clear();
    http1::encode_request(out, head, "127.0.0.1:8080", identity);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode_request);

void decode_and_encode_answer(benchmark::State& state) {
  http1::ResponseDecoder decoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    decoder.expect("GET");
    std::string_view input = kAnswer;
    for (bool end = false; !end;) {
      const auto decoded = decoder.decode(input, false);
      if (const auto* head = std::get_if<http1::ResponseHead>(&decoded->event)) {
        http1::encode_response(out, *head,
                               {.method = "GET", .minor_version = 1, .keep_alive = true});
      }
      end = std::holds_alternative<http1::MessageEnd>(decoded->event);
      input.remove_prefix(decoded->consumed);
    }
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(decode_and_encode_answer);

}  // namespace
