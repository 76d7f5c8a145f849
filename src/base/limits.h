// Every bound on what a peer can make the gateway hold, count or wait for, in one place. Each has
// the reason above it and a test that reaches it. Lengths end in `_len` or `_bytes`, counts begin
// with `num_` in code; here the name says what is bounded and the unit comes last.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace interlock::limits {

// --- Certificates -----------------------------------------------------------------------------
// A device chain is a leaf and one or two intermediates; DICE adds layers. Longer chains are an
// attack on the verifier, not a plant.
constexpr std::size_t kChainCertificatesMax = 10;
// An IDevID with attestation extensions is about 2 KiB; 16 KiB leaves room for post-quantum keys.
constexpr std::size_t kCertificateBytesMax = 16 * 1024;
// One CRL file: 5 MB is 100,000 revocations; ten times that is a mistake.
constexpr std::size_t kCrlFileBytesMax = 64 * 1024 * 1024;

// --- HTTP/1.1 ---------------------------------------------------------------------------------
// Common services accept 8 KiB of request head; more is refused with 431.
constexpr std::size_t kHttpHeadBytesMax = 8 * 1024;
constexpr std::size_t kHttpFieldsMax = 64;
// 414 above this. Device APIs use tens of bytes.
constexpr std::size_t kHttpTargetBytesMax = 2 * 1024;
constexpr std::size_t kHttpPathSegmentsMax = 32;
// A chunk-size line with its extensions, which are dropped.
constexpr std::size_t kHttpChunkLineBytesMax = 256;
// Trailers are parsed strictly and discarded.
constexpr std::size_t kHttpTrailerBytesMax = 4 * 1024;
// Interim (1xx) responses a service may send before its answer.
constexpr std::size_t kHttpInterimResponsesMax = 4;
// A request body, where the permit says nothing smaller.
constexpr std::uint64_t kHttpBodyBytesMax = 64ULL * 1024 * 1024;

// --- Sessions ---------------------------------------------------------------------------------
// Concurrent client connections of one worker; above it new ones are refused (`overloaded`).
constexpr std::size_t kSessionsMax = 16 * 1024;
// Decrypted bytes of one client waiting for the decoder: one head, or a piece of body.
constexpr std::size_t kClientInBytesMax = 16 * 1024;
// Bytes waiting for the client to take them; a full buffer stops reading from the service.
constexpr std::size_t kClientOutBytesMax = 64 * 1024;
constexpr std::size_t kServiceInBytesMax = 16 * 1024;
// Bytes waiting for the service to take them; a full buffer stops reading from the client.
constexpr std::size_t kServiceOutBytesMax = 64 * 1024;
// Ciphertext of one connection that its TLS session could not use yet: two full TLS records.
constexpr std::size_t kTlsPendingBytesMax = 40 * 1024;
// Steps one wake-up may take before other connections have their turn.
constexpr int kStepsPerWakeup = 32;
// Idle connections kept to one service by one worker.
constexpr std::size_t kServicePoolMax = 32;

constexpr Millis kHandshakeTimeout{10'000};
constexpr Millis kHeadTimeout{10'000};
constexpr Millis kBodyStallTimeout{30'000};
constexpr Millis kIdleTimeout{75'000};
constexpr Millis kDialTimeout{5'000};
constexpr Millis kServiceTimeout{30'000};
// After a refusal the gateway half-closes and reads on for this long, and this much, so that the
// client sees the alert or answer instead of a reset.
constexpr Millis kDrainTimeout{2'000};
constexpr std::size_t kDrainBytesMax = 256 * 1024;

// --- Configuration ----------------------------------------------------------------------------
// One file of intent: 50,000 permits. What is larger is no longer read by people: split it.
constexpr std::size_t kConfigFileBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kConfigFilesMax = 1024;
constexpr std::size_t kConfigDepthMax = 32;
// Tokens of one configuration file: a file of the size above in tokens of ordinary length.
constexpr std::size_t kConfigTokensMax = 1024 * 1024;
// A hundred years: no certificate or device lives longer, and adding it to a time never overflows.
constexpr Millis kConfigDurationMax{36'525LL * 24 * 3600 * 1000};
constexpr std::size_t kInventoryBytesMax = 256 * 1024 * 1024;
// Lines of one inventory: ten times the largest site. Bounds the rows, at about 500 bytes each.
constexpr std::size_t kInventoryRowsMax = 1'000'000;
// Columns of one inventory: those that have a meaning, and as many attributes as a policy may use.
constexpr std::size_t kInventoryColumnsMax = 64;
constexpr std::size_t kPermitsPerFunctionMax = 4096;
// Errors reported for one configuration; the rest is counted.
constexpr std::size_t kConfigErrorsMax = 100;

// --- Audit ------------------------------------------------------------------------------------
// Formatted records of one worker that the writer has not taken yet; full means
// `audit_unavailable`.
constexpr std::size_t kAuditQueueBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kAuditLineBytesMax = 8 * 1024;
// Records are handed to the writer, and flushed by it, at least this often (PRODUCT: 200 ms).
constexpr Millis kAuditFlushInterval{50};

static_assert(kClientInBytesMax >= 2 * kHttpHeadBytesMax,
              "a pipelined head must fit behind a body");
static_assert(kServiceInBytesMax >= 2 * kHttpHeadBytesMax);
static_assert(kHttpTargetBytesMax < kHttpHeadBytesMax);
static_assert(kAuditLineBytesMax >= 2 * kHttpTargetBytesMax, "a record holds an escaped path");

}  // namespace interlock::limits
