// Where audit records go.
#pragma once

#include "model/audit_record.h"

namespace interlock::port {

// AuditSink takes records off the data path. One sink per worker thread, used by that thread alone.
class AuditSink {
 public:
  virtual ~AuditSink() = default;

  // append accepts one record into a bounded queue; the writer flushes it within 200 ms. False
  // means that it could not be accepted (the queue is full, or the writer cannot write): the
  // operation must then not happen (`audit_unavailable`).
  [[nodiscard]] virtual bool append(const AuditRecord& record) = 0;
};

}  // namespace interlock::port
