// Opens connections to services.
#pragma once

#include <memory>

#include "base/result.h"
#include "policy/snapshot.h"
#include "port/byte_stream.h"

namespace interlock::port {

class Dialer {
 public:
  virtual ~Dialer() = default;

  // dial begins to connect to one endpoint of `service` and returns at once. Until the connection
  // stands, reads and writes are kBlocked; where it fails they are kFailed. The error carries
  // errno: kLimit where no socket can be had on this machine, kIo where the endpoint cannot be
  // reached from here.
  virtual Result<std::unique_ptr<ByteStream>> dial(const policy::Service& service,
                                                   const Endpoint& endpoint) = 0;
};

}  // namespace interlock::port
