// The fixed trust against which certificates and lists are fuzzed: the authority of
// tests/vectors/x509/ca.pem, with the list good.crl, as text, since a fuzzer reads no files.
#pragma once

#include "base/time.h"
#include "pki/trust.h"

namespace interlock::fuzz {

constexpr WallTime kNow{1'795'392'000'000};  // 2026-11-23T00:00:00Z

constexpr const char* kCaPem = R"(-----BEGIN CERTIFICATE-----
MIIBUzCB+aADAgECAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBkNSTCBDQTAe
Fw0yNjExMjEwODMwMDlaFw0zNjExMTkwODMwMDlaMBExDzANBgNVBAMMBkNSTCBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHj4l3HgryPU68Wr8ebd57PkOfCe
eVDEg8bkPCezCq55fRI3WPNQsquZwYTXElvhthnFYFsVkQWGTC+eL+c1x4OjQjBA
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBRdPT6B
kEOCuHzvHVRGFGzsXXMfmzAKBggqhkjOPQQDAgNJADBGAiEAyZoSebuyPgCtxGj/
ksF/MdBpHk2iUbpA0s+Od+3gf/oCIQC1jzxeoEAp2O7oF8cB972+l3N5lrq0uzrg
TXiQ5Toyag==
-----END CERTIFICATE-----
)";

constexpr const char* kGoodCrl = R"(-----BEGIN X509 CRL-----
MIHgMIGHAgEBMAoGCCqGSM49BAMCMBExDzANBgNVBAMMBkNSTCBDQRcNMjYxMTIx
MDgzMDA5WhcNMjYxMjAyMDgzMDA5WjAUMBICAQsXDTI2MTEyMTIwMzAwOVqgLzAt
MAoGA1UdFAQDAgEFMB8GA1UdIwQYMBaAFF09PoGQQ4K4fO8dVEYUbOxdcx+bMAoG
CCqGSM49BAMCA0gAMEUCIQCVvF3C3sAFC5DLIiH+oPR1W5YJzG6PRxK1IwWyl0AB
3QIgP0IlNoN0BA79HEpVyptc2w6Gj9tpExC35GEbmpxHvys=
-----END X509 CRL-----
)";

inline pki::TrustSource plant(std::string crl) {
  pki::TrustSource source{.name = "plant", .ca_file = "ca.pem", .ca_pem = kCaPem};
  source.enrolment_only = true;
  source.crls = {{"plant.crl", std::move(crl), {}}};
  return source;
}

}  // namespace interlock::fuzz
