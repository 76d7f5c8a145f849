// Opens connections to services.
#pragma once

#include <memory>

#include "policy/snapshot.h"
#include "port/byte_stream.h"

namespace interlock::port {

class Dialer {
 public:
  virtual ~Dialer() = default;

  // dial begins to connect to one endpoint of `service` and returns at once. Until the connection
  // stands, reads and writes are kBlocked; where it fails they are kFailed. Null where no socket
  // could be had.
  virtual std::unique_ptr<ByteStream> dial(const policy::Service& service,
                                           const Endpoint& endpoint) = 0;
};

}  // namespace interlock::port
