#include "session/health_checks.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace interlock::session {

HealthChecks::Check::Check(std::shared_ptr<const policy::Snapshot> owner,
                           const policy::Service& service, std::size_t endpoint,
                           std::shared_ptr<EndpointState> state)
    : owner_(std::move(owner)), service_(&service), endpoint_(endpoint), state_(std::move(state)) {}

bool HealthChecks::Check::same_as(const Check& other) const {
  return service_->name == other.service_->name && service_->key == other.service_->key &&
         service_->health_path == other.service_->health_path && endpoint_ == other.endpoint_;
}

// It may ask more often, or less.
void HealthChecks::Check::go_on_as(const Check& other) {
  owner_ = other.owner_;
  service_ = other.service_;
  state_ = other.state_;
  next_ = begun_ + service_->health_interval;
}

void HealthChecks::Check::on_tick(port::Dialer& dialer, Instant now) {
  if (!over_ && now - begun_ >= limits::kHealthTimeout) {
    end(false, fmt::format("its health check was not answered within {} s",
                           limits::kHealthTimeout.ms / 1000));
  }
  if (!over_) return;
  stream_.reset();
  if (now >= next_) begin(dialer, now);
}

void HealthChecks::Check::begin(port::Dialer& dialer, Instant now) {
  begun_ = now;
  next_ = now + service_->health_interval;
  auto stream = dialer.dial(*service_, service_->endpoints[endpoint_]);
  if (!stream) {
    // No socket here says nothing about the service.
    if (stream.error().code != Errc::kLimit) {
      state_->checked(false, fmt::format("its health check cannot reach it: {}",
                                         errno_text(stream.error().sys)));
    }
    return;
  }
  request_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: interlock-health-check\r\nConnection: "
      "close\r\n\r\n",
      service_->health_path, service_->authority());
  stream_ = std::move(*stream);
  over_ = eof_ = false;
  num_interim_ = 0;
  in_.clear();
  decoder_.reset();
  decoder_.expect("GET");
  stream_->observe(this);
  on_stream_ready();
}

void HealthChecks::Check::on_stream_ready() {
  while (!over_ && (send() || decode() || read())) {
  }
  if (stream_ != nullptr) stream_->want(!over_, !over_ && !request_.empty());
}

bool HealthChecks::Check::send() {
  if (request_.empty()) return false;
  const port::IoResult sent = stream_->write(as_bytes(request_));
  if (sent.state == port::IoState::kBlocked) return false;
  if (sent.state != port::IoState::kProgress) {
    end(false, fmt::format("its health check cannot reach it: {}", stream_->failure()));
    return false;
  }
  request_.erase(0, sent.bytes);
  return true;
}

// True where it has come to something; a verdict ends the check.
bool HealthChecks::Check::decode() {
  const auto decoded = decoder_.decode(in_.view(), eof_);
  if (!decoded) {
    end(false, fmt::format("its health check: {}", decoded.error().what));
    return false;
  }
  if (const auto* head = std::get_if<http1::ResponseHead>(&decoded->event)) {
    const bool healthy = head->status >= 200 && head->status < 400;
    if (!head->interim || ++num_interim_ > limits::kHttpInterimResponsesMax) {
      end(healthy, fmt::format("its health check was answered {}", head->status));
    }
  }
  in_.consume(decoded->consumed);
  return decoded->consumed > 0;
}

bool HealthChecks::Check::read() {
  if (over_ || eof_) return false;
  std::array<std::uint8_t, 4096> piece{};
  const port::IoResult got =
      stream_->read(std::span(piece).first(std::min(piece.size(), in_.room())));
  if (got.state == port::IoState::kBlocked) return false;
  if (got.state == port::IoState::kFailed) {
    end(false, fmt::format("its health check cannot reach it: {}", stream_->failure()));
    return false;
  }
  eof_ = got.state == port::IoState::kEof;
  in_.append(as_text(std::span(piece).first(got.bytes)));
  return true;
}

void HealthChecks::Check::end(bool healthy, const std::string& why) {
  over_ = true;
  state_->checked(healthy, why);
}

void HealthChecks::configure(const std::shared_ptr<const policy::Snapshot>& snapshot) {
  std::vector<std::unique_ptr<Check>> next;
  for (const auto& service : snapshot->services) {
    if (service->health_path.empty()) continue;
    const std::shared_ptr<ServiceState> state = table_.find(*service);
    for (std::size_t i = 0; i < service->endpoints.size(); ++i) {
      auto check = std::make_unique<Check>(snapshot, *service, i, state->endpoints[i]);
      const auto at = std::find_if(checks_.begin(), checks_.end(), [&](const auto& older) {
        return older != nullptr && older->same_as(*check);
      });
      if (at != checks_.end()) {
        (*at)->go_on_as(*check);
        check = std::exchange(*at, nullptr);
      }
      next.push_back(std::move(check));
    }
  }
  for (const auto& gone : checks_) {
    if (gone != nullptr) gone->forget();
  }
  checks_ = std::move(next);
}

void HealthChecks::on_tick() {
  for (const auto& check : checks_) check->on_tick(dialer_, clock_.now());
}

}  // namespace interlock::session
