// Every bound on what a peer can make the gateway hold, count or wait for, in one place. Each has
// the reason above it and a test that reaches it. Lengths end in `_len` or `_bytes`, counts begin
// with `num_` in code; here the name says what is bounded and the unit comes last.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace interlock::limits {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

// --- Certificates -----------------------------------------------------------------------------
// A device chain is a leaf and one or two intermediates; DICE adds layers. Longer chains are an
// attack on the verifier, not a plant.
constexpr std::size_t kChainCertificatesMax = 10;
// An IDevID with attestation extensions is about 2 KiB; 16 KiB leaves room for post-quantum keys.
constexpr std::size_t kCertificateBytesMax = 16 * kKiB;
// Extensions of one certificate or revocation list; real ones carry about a dozen. They are
// compared with each other to find duplicates.
constexpr std::size_t kExtensionsMax = 64;
// Steps of the search for a path. Authorities that share a name make it branch, and each step may
// cost a signature check (0.2 ms): a client must not buy more than a few milliseconds.
constexpr std::size_t kPathStepsMax = 32;
// A name out of a certificate inside a sentence; the rest is cut off.
constexpr std::size_t kNameInSentenceBytesMax = 256;
// One PEM file of authorities, or the gateway's own chain or key: 1 MiB is about 700 authorities.
constexpr std::size_t kAuthorityFileBytesMax = kMiB;
// Authorities' names in one handshake; the message that carries them ends at 64 KiB.
constexpr std::size_t kAuthorityNamesBytesMax = 16 * kKiB;
// One CRL file: 5 MB is 100,000 revocations; ten times that is a mistake.
constexpr std::size_t kCrlFileBytesMax = 64 * kMiB;

// --- TLS sessions -----------------------------------------------------------------------------
// A session can be resumed for so long after its full handshake, however often it is renewed: twice
// a day at least a device proves its key anew.
constexpr Millis kTlsSessionLifetimeMax{12LL * 3'600'000};
// Keys of tickets are replaced this often, and open tickets for as long again. Whoever steals one
// reads no more than that of TLS 1.2, and nothing of TLS 1.3.
constexpr Millis kTicketKeyPeriod{12LL * 3'600'000};

// Sessions kept for one endpoint of a service by one worker: new connections come in bursts, and a
// session of TLS 1.3 serves one of them.
constexpr std::size_t kServiceSessionsMax = 8;

// What one worker remembers about chains of devices that were admitted: one entry for each trust of
// the listener, about 2 KiB, which an open connection shares. As many as it has connections, so
// that a new configuration costs no signature check for any of them.
constexpr std::size_t kChainCacheEntriesMax = 16'384;

// --- HTTP/1.1 ---------------------------------------------------------------------------------
// Common services accept 8 KiB of request head; more is refused with 431.
constexpr std::size_t kHttpHeadBytesMax = 8 * kKiB;
constexpr std::size_t kHttpFieldsMax = 64;
// Registered methods have at most 17 letters. It goes into every audit record.
constexpr std::size_t kHttpMethodBytesMax = 32;
// Names in all Connection fields of one message; each is compared with every other field.
constexpr std::size_t kHttpConnectionOptionsMax = 16;
// 414 above this. Device APIs use tens of bytes.
constexpr std::size_t kHttpTargetBytesMax = 2 * kKiB;
constexpr std::size_t kHttpPathSegmentsMax = 32;
// A chunk-size line with its extensions, which are dropped.
constexpr std::size_t kHttpChunkLineBytesMax = 256;
// Chunk extensions of one message: nobody needs them, and they cost the reader and not the sender.
constexpr std::size_t kHttpChunkExtensionBytesMax = 4 * kKiB;
// A certificate that is passed on in Client-Cert: services stop at 8 KiB of head, base64 included.
constexpr std::size_t kClientCertBytesMax = 4 * kKiB;
// Trailers are parsed strictly and discarded.
constexpr std::size_t kHttpTrailerBytesMax = 4 * kKiB;
// Interim (1xx) responses a service may send before its answer.
constexpr std::size_t kHttpInterimResponsesMax = 4;
// A request body, where the permit names no max_body.
constexpr std::uint64_t kHttpBodyBytesMax = 64 * kMiB;

// --- Sessions ---------------------------------------------------------------------------------
// What `limits { }` of the configuration may change, and is so unless it does. Of all workers
// together. Connections at once; above it new ones are refused (`overloaded`).
constexpr std::size_t kConnectionsMax = 16'384;
// Of one address, or one /64 of IPv6. A plant may have some hundred devices behind one address, and
// each two connections.
constexpr std::size_t kConnectionsPerAddressMax = 1'024;
// Of one device: a client library's pool, twice over after a lost link.
constexpr std::size_t kConnectionsPerDeviceMax = 64;
// Handshakes under way. Each holds some 20 KiB of TLS state for somebody who is nobody yet.
constexpr std::size_t kHandshakesMax = 1'024;
// Shares of them: for one address at most, and kept for addresses of known devices. One address
// must not fill what is kept.
constexpr std::size_t kHandshakesShareOfAddress = 8;
constexpr std::size_t kHandshakesShareOfKnown = 4;
// Memory of all buffers of sessions: a thousand connections with every buffer full.
constexpr std::uint64_t kBufferBytesMax = 256 * kMiB;
// Bytes a second that a client must move while it owes some: a modem does ten times that.
constexpr std::uint64_t kTransferRateMin = 64;

// Addresses that are remembered because a known device was seen there: 40 bytes each.
constexpr std::size_t kKnownAddressesMax = 65'536;
// Steps of handshakes, of up to a millisecond each, that one worker takes before it looks at its
// sockets again: a flood of strangers costs an open connection so much delay, and no more.
constexpr int kHandshakesPerTurn = 8;
// Idle connections that are ended at a time to make room for a known device.
constexpr std::size_t kIdleEndedAtOnce = 16;
// A client takes one descriptor, and one more for its service. Some are kept for all else:
// listeners, loops, the audit trail, the admin socket, files of a reload, idle service connections.
constexpr std::size_t kDescriptorsPerConnection = 2;
constexpr std::size_t kDescriptorsReserved = 128;

// Decrypted bytes of one client waiting for the decoder: one head, or a piece of body. This is how
// far a client may pipeline: while a request is answered nothing is read, so that further requests
// wait here, and beyond that in the client's own socket.
constexpr std::size_t kClientInBytesMax = 16 * kKiB;
// Bytes waiting for the client to take them; a full buffer stops reading from the service.
constexpr std::size_t kClientOutBytesMax = 64 * kKiB;
constexpr std::size_t kServiceInBytesMax = 16 * kKiB;
// Bytes waiting for the service to take them; a full buffer stops reading from the client.
constexpr std::size_t kServiceOutBytesMax = 64 * kKiB;
// Ciphertext received at once, and so the most that one connection can leave over: some TLS
// records.
constexpr std::size_t kTlsPendingBytesMax = 64 * kKiB;
// Steps one wake-up may take before other connections have their turn.
constexpr int kStepsPerWakeup = 32;
// Idle connections kept to one service by one worker, each for the device it served.
constexpr std::size_t kServicePoolMax = 256;
// Endpoints of one service: each may have to be tried.
constexpr std::size_t kServiceEndpointsMax = 16;
// Endpoints that one request goes to, at most: when three do not answer, a fourth is no hope.
constexpr int kServiceTriesMax = 3;
// Connections to one service, of all workers together, where the service says nothing else; and
// what it may say at most.
constexpr std::uint32_t kServiceConnectionsDefault = 256;
constexpr std::uint32_t kServiceConnectionsMax = 65'535;
// Requests in line for a connection to one service, of all workers; more are refused at once.
constexpr std::size_t kServiceQueueMax = 1'024;
// How long a request stands in line, and what a service may say at most: devices give up as well.
constexpr Millis kServiceQueueWait{1'000};
constexpr Millis kServiceQueueWaitMax{60'000};
// Failures in a row after which an endpoint rests; its first rest, which doubles with each further
// failure, and its longest: a service that is back is used within half a minute.
constexpr std::uint32_t kEndpointFailuresMax = 3;
constexpr Millis kEndpointRestMin{1'000};
constexpr Millis kEndpointRestMax{30'000};
// Health checks in a row that take an endpoint out, and that bring it back.
constexpr std::uint32_t kHealthChecksDown = 3;
constexpr std::uint32_t kHealthChecksUp = 2;
constexpr Millis kHealthInterval{5'000};
constexpr Millis kHealthIntervalMin{1'000};
constexpr Millis kHealthIntervalMax{3'600'000};
// How long an endpoint may take over a health check.
constexpr Millis kHealthTimeout{5'000};

// Budgets of permits with a rate that are in use (not full) at one time, of all workers together:
// 64 * 4,096 of about 300 bytes. A shard is locked by one thread at a time, and is looked through
// (0.2 ms) where it is at its end.
constexpr std::size_t kRateShards = 64;
constexpr std::size_t kRateShardBucketsMax = 4'096;

// A client that has said nothing for this long has no more use for what was kept for its next
// request: it takes some microseconds to make it again.
constexpr Millis kRestAfter{2'000};

constexpr Millis kHandshakeTimeout{10'000};
constexpr Millis kHeadTimeout{10'000};
constexpr Millis kBodyStallTimeout{30'000};
constexpr Millis kIdleTimeout{75'000};
// What a service may take to accept a connection and to go on with its answer, where it says
// nothing else; and what it may say at most.
constexpr Millis kDialTimeout{5'000};
constexpr Millis kServiceTimeout{30'000};
constexpr Millis kServiceTimeoutMax{3'600'000};
// Idle connections to services are closed before common services close theirs (nginx: 75 s).
constexpr Millis kServiceIdleTimeout{60'000};
// Body of a refused request that is read and dropped to keep the connection; more closes it.
constexpr std::uint64_t kDiscardedBodyBytesMax = 64 * kKiB;
// After a refusal the gateway half-closes and reads on for this long, and this much, so that the
// client sees the alert or answer instead of a reset.
constexpr Millis kDrainTimeout{2'000};
constexpr std::size_t kDrainBytesMax = 256 * kKiB;

// --- Configuration ----------------------------------------------------------------------------
// One file of intent: 50,000 permits. What is larger is no longer read by people: split it.
constexpr std::size_t kConfigFileBytesMax = 8 * kMiB;
constexpr std::size_t kConfigFilesMax = 1024;
// The kernel's own bound for the path of a Unix socket (sockaddr_un holds 108 bytes, one is NUL).
constexpr std::size_t kSocketPathBytesMax = 107;
// Names appear in headers, records and messages.
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kConfigDepthMax = 32;
// Tokens of one configuration file: a file of the size above in tokens of ordinary length.
constexpr std::size_t kConfigTokensMax = 1'048'576;
// A hundred years: no certificate or device lives longer, and adding it to a time never overflows.
constexpr Millis kConfigDurationMax{36'525LL * 24 * 3600 * 1000};
constexpr std::size_t kInventoryBytesMax = 256 * kMiB;
// Lines of one inventory: ten times the largest site. Bounds the rows, at about 500 bytes each.
constexpr std::size_t kInventoryRowsMax = 1'000'000;
// Columns of one inventory: those that have a meaning, and as many attributes as a policy may use.
constexpr std::size_t kInventoryColumnsMax = 64;
constexpr std::size_t kPermitsPerFunctionMax = 4096;
// Content types of one permit; each is compared with the request's.
constexpr std::size_t kContentTypesPerPermitMax = 32;
// Numbers of a rate. A million a second is more than the gateway serves, and a day longer than a
// budget is remembered in a plant; together they keep a bucket's arithmetic within 64 bits.
constexpr std::uint32_t kRateLimitMax = 1'000'000;
constexpr std::uint32_t kRateBurstMax = 1'000'000;
constexpr Millis kRatePerMax{24LL * 3600 * 1000};
// One path_regex. What is longer is no longer read by people.
constexpr std::size_t kPathRegexBytesMax = 512;
// Instructions of one path_regex: [a-z]{1,64} a dozen times over.
constexpr int kPathRegexProgramMax = 1'000;
// Expressions of one function: all of them run on each of its requests.
constexpr std::size_t kPathRegexesPerFunctionMax = 256;
// What the expressions of one function may take together: their program, and the states that
// requests bring it into, which are forgotten when it is full.
constexpr std::int64_t kPathRegexMemoryMax = 4 * kMiB;
// Errors reported for one configuration; the rest is counted.
constexpr std::size_t kConfigErrorsMax = 100;

// --- Lifecycle --------------------------------------------------------------------------------
// Violations of a staged device begin its soak anew at most once in so long: each time is a write
// to the disk.
constexpr Millis kSoakGrain{1'000};
// Devices that have had a violation lately, of about 150 bytes each. Only devices of the inventory
// come here; so many of them at once are not devices that went wrong, but a policy that did.
constexpr std::size_t kViolationDevicesMax = 65'536;
// What a tier may name as its threshold; a device that is denied more often than this is counted no
// further.
constexpr std::uint32_t kViolationThresholdMax = 10'000;

// --- Audit ------------------------------------------------------------------------------------
// Formatted records, of all workers together, that are not written yet; full means
// `audit_unavailable`. About 10,000 records: a second of a busy gateway.
constexpr std::size_t kAuditQueueBytesMax = 4 * kMiB;
// One line of the log with its newline. Longer values are cut with a mark.
constexpr std::size_t kAuditLineBytesMax = 8 * kKiB;
// What the writer adds to a record: numbers, hash, and the gateway's name.
constexpr std::size_t kAuditEnvelopeBytesMax = 512;
// Records are handed to the writer at least this often (they must be flushed within 200 ms) ...
constexpr Millis kAuditFlushInterval{50};
// ... or when a worker has gathered this much.
constexpr std::size_t kAuditFlushBytes = 64 * kKiB;
// A failed write is tried again this often; the log recovers by itself within this time.
constexpr Millis kAuditRetryInterval{500};
// Written records are on the disk within this time. Shorter wears out flash for little.
constexpr Millis kAuditSyncInterval{1'000};
// Where they are so much later than that, the disk hangs: operations are refused until it goes on.
constexpr Millis kAuditLateMax{3'000};
// What must be on the disk before it takes effect does not happen if it is not there by then.
constexpr Millis kAuditOnDiskTimeout{10'000};
// A file of the log that has grown to so much is put aside, and a new one begun, unless the
// configuration says otherwise; so many are kept. Below the least, most of a file is its beginning.
constexpr std::uint64_t kAuditRotateBytes = 64 * kMiB;
constexpr std::uint64_t kAuditRotateBytesMin = 64 * kKiB;
constexpr std::uint32_t kAuditFilesKept = 16;
constexpr std::uint32_t kAuditFilesKeptMax = 256;  // Readers open them all at once.
// Disk that is held ready behind the end of the log: when the rest is full, there is still room for
// what was accepted (the queue, as whole lines) and for what operators do then.
constexpr std::uint64_t kAuditReserveBytes = 16 * kMiB;
// It is taken in steps of so much, so that not every write asks for more.
constexpr std::uint64_t kAuditReserveStepBytes = 1 * kMiB;
// Refusals of one caller (a device, or a stranger's address) for one reason are counted together
// for so long; the first of them have a record of their own, as people ask why each was refused.
constexpr Millis kRefusalWindow{10'000};
constexpr std::size_t kRefusalLinesPerWindow = 16;
// Records that strangers cause in one worker, all together: so many at once, and then one in each
// interval, 60 MB a day. Above that they are counted by reason.
constexpr std::size_t kStrangerLinesBurst = 64;
constexpr Millis kStrangerLineInterval{1'000};
// Callers and reasons that one worker keeps apart, of about 400 bytes each; for another the oldest
// goes, and its count is written.
constexpr std::size_t kRefusalWindowsMax = 4'096;

// --- Admin socket -----------------------------------------------------------------------------
// Connections at once; more are closed unanswered. People, and a monitoring system or two.
constexpr std::size_t kAdminConnectionsMax = 16;
// Requests have no content yet; this leaves room for some.
constexpr std::size_t kAdminRequestBytesMax = 4 * kKiB;
// A status of 1,000 listeners and trusts, or 100 problems of a configuration.
constexpr std::size_t kAdminResponseBytesMax = 4 * kMiB;
// Names of files in one answer; the rest is counted.
constexpr std::size_t kAdminFilesShownMax = 100;
// Devices named in one answer.
constexpr std::size_t kAdminDevicesShownMax = 10'000;
// A request must be there within this time, and its answer be taken: both sides are on one machine.
constexpr Millis kAdminTimeout{5'000};
// Who waits for a reload, or for a status, while another is under way: every connection, and a
// signal.
constexpr std::size_t kLoaderAskersMax = kAdminConnectionsMax + 1;
// Sessions of one data thread that look again at a time after a reload: at a third of a
// millisecond each they must not hold up the others.
constexpr std::size_t kSessionsPerLookAgain = 16;

// --- Metrics ----------------------------------------------------------------------------------
// Connections at once; more are closed unanswered. Two Prometheus servers, and somebody who looks.
constexpr std::size_t kMetricsConnectionsMax = 8;
// A request of Prometheus has about 300 bytes.
constexpr std::size_t kMetricsRequestBytesMax = 8 * kKiB;
// From accepting a connection to its end. Prometheus gives up after 10 s, unless told otherwise.
constexpr Millis kMetricsTimeout{10'000};
// The page is not made anew more often: who asks all the time does not occupy the control thread.
constexpr Millis kMetricsAgeMax{1'000};

// --- Facts --------------------------------------------------------------------------------------
// What was seen, a person's reason, or what an act changed: a plain sentence or two. Whoever makes
// one out of longer text cuts it.
constexpr std::size_t kFactSentenceBytesMax = 1 * kKiB;
// The longest quarantine that ends by itself; one without an end is longer.
constexpr Millis kQuarantineMax{10LL * 365 * 24 * 3'600'000};
// A name in a fact: of a device, an asset, a function, a firmware, an operator.
constexpr std::size_t kFactNameBytesMax = 256;
// Grants of one subject that are kept: one maintenance window at a time is usual, and each is
// looked at for each standing.
constexpr std::size_t kGrantsPerSubjectMax = 16;
// Acts of people that are kept beside the audit trail: ten a day for 27 years, in some 20 MB.
constexpr std::size_t kActionsKeptMax = 100'000;
// What committed changes may gather in the log of the database after it was written back.
constexpr std::size_t kStateLogBytesKept = 16 * kMiB;

static_assert(kTicketKeyPeriod >= kTlsSessionLifetimeMax,
              "every ticket that may still be used opens with one of two keys");
static_assert(kClientInBytesMax >= 2 * kHttpHeadBytesMax,
              "a pipelined head must fit behind a body");
static_assert(kServiceInBytesMax >= 2 * kHttpHeadBytesMax);
static_assert(kHttpTargetBytesMax < kHttpHeadBytesMax);
static_assert(kAuditLineBytesMax >= 2 * kHttpTargetBytesMax, "a record holds an escaped path");
static_assert(kAuditQueueBytesMax >= 8 * (kAuditFlushBytes + kAuditLineBytesMax),
              "each worker fills a buffer while others are being written");

}  // namespace interlock::limits
