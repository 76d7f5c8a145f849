// What a Worker holds. For src/tls only.
#pragma once

#include "tls/server.h"
#include "tls/worker_bio.h"

namespace interlock::tls {

struct Worker::Impl {
  WorkerBio bio;
};

}  // namespace interlock::tls
