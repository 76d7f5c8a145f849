// Opens connections to services.
#pragma once

#include <memory>

#include "model/endpoint.h"
#include "port/byte_stream.h"

namespace interlock::port {

class Dialer {
 public:
  virtual ~Dialer() = default;

  // dial begins to connect and returns at once. Until the connection stands, reads and writes are
  // kBlocked; where it fails they are kFailed. Null where no socket could be had.
  virtual std::unique_ptr<ByteStream> dial(const Endpoint& endpoint) = 0;
};

}  // namespace interlock::port
