// Health checks: services that name a path for it are asked, endpoint by endpoint, whether they are
// in order; their answers decide which endpoints get requests (service_table.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "port/clock.h"
#include "port/dialer.h"
#include "session/byte_queue.h"
#include "session/service_table.h"
#include "wire/http1/response_decoder.h"

namespace interlock::session {

// HealthChecks belongs to one thread, for all data threads: an endpoint is asked once per interval,
// however many of them there are. What it asks carries no identity of any device.
class HealthChecks {
 public:
  HealthChecks(port::Dialer& dialer, const port::Clock& clock, ServiceTable& table)
      : dialer_(dialer), clock_(clock), table_(table) {}

  // configure takes the services of a configuration. Checks that stay the same go on; an endpoint
  // that is not checked any more counts as in order.
  void configure(const std::shared_ptr<const policy::Snapshot>& snapshot);

  // on_tick begins what is due and ends what takes too long. Call it a few times a second.
  void on_tick();

 private:
  // Check asks one endpoint again and again, on a new connection each time.
  class Check final : port::StreamObserver {
   public:
    Check(std::shared_ptr<const policy::Snapshot> owner, const policy::Service& service,
          std::size_t endpoint, std::shared_ptr<EndpointState> state);
    [[nodiscard]] bool same_as(const Check& other) const;
    // go_on_as takes over the same check of another configuration: what is under way stays.
    void go_on_as(const Check& other);
    void on_tick(port::Dialer& dialer, Instant now);
    void forget() { state_->unchecked(); }

   private:
    void on_stream_ready() override;
    void begin(port::Dialer& dialer, Instant now);
    bool send();
    bool read();
    bool decode();
    void end(bool healthy, const std::string& why);

    std::shared_ptr<const policy::Snapshot> owner_;  // Of service_.
    const policy::Service* service_;
    std::size_t endpoint_;
    std::shared_ptr<EndpointState> state_;
    Instant begun_{}, next_{};                  // Of this check, or the last; of the next.
    std::unique_ptr<port::ByteStream> stream_;  // Of this check; freed by on_tick.
    bool over_ = true;                          // There is a verdict.
    std::string request_;                       // Not sent yet.
    ByteQueue in_{limits::kServiceInBytesMax};
    http1::ResponseDecoder decoder_;
    std::size_t num_interim_ = 0;
    bool eof_ = false;
  };

  port::Dialer& dialer_;
  const port::Clock& clock_;
  ServiceTable& table_;
  std::vector<std::unique_ptr<Check>> checks_;
};

}  // namespace interlock::session
