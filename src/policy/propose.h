// What would allow an operation that was refused: the smallest permit, or the smaller change of the
// nearest one. For people who then decide whether it should be allowed at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "policy/decide.h"

namespace interlock::policy {

// Proposal views the snapshot that it was made from.
struct Proposal {
  enum class Kind : std::uint8_t {
    kNone,    // No permit would help, or none can be written; `note` says what would.
    kPermit,  // A permit of its own, as below.
    kChange,  // `nearest` gets what `change` says: one more method or content type, an upgrade, or
              // a larger body.
  };
  Kind kind = Kind::kNone;
  std::string note;  // A sentence to consider first; may be empty unless kNone.

  std::string name;                  // New in the function.
  const Service* service = nullptr;  // Null where nobody can know it.
  std::string method;
  std::string path;          // With the device's own values as {device.NAME}.
  std::string content_type;  // Empty: any, or none.
  std::string upgrade;       // Empty: none.
  std::uint64_t body_bytes_max = 0;
  std::optional<Rate> rate;

  const Permit* nearest = nullptr;        // kChange alone.
  Difference change = Difference::kNone;  // kMethod, kUpgrade, kContentType or kBody.
};

// propose answers for a decision that refuses, made on these facts and this operation. What it
// proposes allows the operation as far as permits go, and nothing that its text does not name.
// `facts.device` is of `snapshot`.
Proposal propose(const Snapshot& snapshot, const Facts& facts, const HttpOperation& operation,
                 const Decision& decision);

// to_text returns a permit as one line to paste into the function, or the change as a sentence;
// empty for kNone.
std::string to_text(const Proposal& proposal);

}  // namespace interlock::policy
