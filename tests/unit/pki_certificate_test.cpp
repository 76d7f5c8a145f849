// Is a certificate read strictly, and into the right values?
#include <fstream>
#include <iterator>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "pki/certificate.h"
#include "support/test_pki.h"
#include "support/vectors.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;

namespace {

Certificate read_vector(const std::string& name) {
  const auto blocks = pem_certificates(vector_file("x509/" + name));
  BOOST_REQUIRE(blocks.has_value());
  auto certificate = read_certificate(blocks->front());
  BOOST_REQUIRE(certificate.has_value());
  return *certificate;
}

Result<Certificate> read_made(const CertSpec& spec, const Key& key = Key::make()) {
  return read_certificate(self_signed(spec, key).der);
}

// Refused, and with this sentence.
void check_refused(const Result<Certificate>& read, std::string_view what) {
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST(std::string_view(read.error().what) == what);
}

// replace_once swaps the one occurrence of a byte sequence for another of the same length.
Der replace_once(Der der, std::string_view from, std::string_view to) {
  const auto at = std::search(der.begin(), der.end(), from.begin(), from.end(),
                              [](auto a, auto b) { return a == static_cast<std::uint8_t>(b); });
  BOOST_REQUIRE((at != der.end() && from.size() == to.size()));
  std::copy(to.begin(), to.end(), at);
  return der;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pki_certificate)

BOOST_AUTO_TEST_CASE(sha256_matches_fips_180_4) {
  BOOST_TEST(to_hex(sha256(as_bytes("abc"))) ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(idevid_vector_has_its_names_and_never_ends) {
  const Certificate certificate = read_vector("idevid.pem");
  BOOST_TEST(certificate.subject == "serialNumber=PID:EG-100 SN:0017,O=Example Devices");
  BOOST_TEST(certificate.issuer == "CN=IDevID CA,O=Example Devices");
  BOOST_TEST(certificate.serial_hex == "01");
  BOOST_REQUIRE(certificate.names.serial_numbers.size() == 1);
  BOOST_TEST(certificate.names.serial_numbers[0] == "PID:EG-100 SN:0017");
  BOOST_TEST(certificate.names.common_names.empty());
  BOOST_REQUIRE(certificate.names.hw_modules.size() == 1);
  BOOST_TEST(certificate.names.hw_modules[0].find(':') != std::string::npos);
  BOOST_TEST((certificate.not_after == kDistantFuture));
  BOOST_TEST((certificate.purpose == Purpose::kUnstated));
  BOOST_TEST((certificate.key_kind == KeyKind::kP256));
  BOOST_TEST(certificate.key_bits == 256U);
  BOOST_TEST((certificate.signature_hash == SignatureHash::kSha256));
  BOOST_TEST(!certificate.is_ca);
  BOOST_TEST(!certificate.self_signed);
  BOOST_TEST(certificate.may_sign_data);
  BOOST_TEST(certificate.issuer_der == read_vector("idevid-ca.pem").subject_der);
}

BOOST_AUTO_TEST_CASE(spiffe_vectors_have_one_id_or_none) {
  BOOST_TEST(read_vector("spiffe-ok.pem").spiffe_id == "spiffe://plant.example/plc/17");
  const Certificate two = read_vector("spiffe-two-uris.pem");
  BOOST_TEST(two.spiffe_id == "");
  BOOST_TEST(two.names.uris.size() == 2);
  BOOST_TEST(two.subject == "");
  BOOST_TEST(!has_uri(two, "spiffe://plant.example/plc/17"));
}

BOOST_AUTO_TEST_CASE(modbus_vector_is_a_client) {
  BOOST_TEST((read_vector("modbus-role-operator.pem").purpose == Purpose::kClient));
}

BOOST_AUTO_TEST_CASE(keys_are_told_apart) {
  const auto check = [](const Key& key, KeyKind kind, unsigned bits, bool strong) {
    const Issued ca = self_signed(ca_spec("ca"));
    const auto read = read_certificate(issue(ca, {}, key).der);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((read->key_kind == kind));
    if (bits != 0) BOOST_TEST(read->key_bits == bits);
    BOOST_TEST(strong_key(*read) == strong);
  };
  check(Key::make(KeyType::kP256), KeyKind::kP256, 256, true);
  check(Key::make(KeyType::kP384), KeyKind::kP384, 384, true);
  check(Key::make(KeyType::kEd25519), KeyKind::kEd25519, 0, true);
  check(Key::make(KeyType::kP521), KeyKind::kOther, 0, false);
  check(Key::make(KeyType::kP224), KeyKind::kOther, 0, false);
  check(Key::make(KeyType::kRsa1024), KeyKind::kRsa, 1024, false);
  check(Key::rsa_public_only(2047), KeyKind::kRsa, 2047, false);
  check(Key::rsa_public_only(2048), KeyKind::kRsa, 2048, true);
  check(Key::rsa_public_only(8192), KeyKind::kRsa, 8192, true);
  check(Key::rsa_public_only(8193), KeyKind::kRsa, 8193, false);
}

BOOST_AUTO_TEST_CASE(signature_hashes_are_told_apart) {
  const Key rsa = Key::make(KeyType::kRsa2048);
  const auto hash_of = [&](SignHash hash, const Key& key) {
    CertSpec spec;
    spec.hash = hash;
    return read_made(spec, key)->signature_hash;
  };
  for (const Key& key : {rsa, Key::make(KeyType::kP256)}) {
    BOOST_TEST((hash_of(SignHash::kSha1, key) == SignatureHash::kWeak));
    BOOST_TEST((hash_of(SignHash::kSha256, key) == SignatureHash::kSha256));
    BOOST_TEST((hash_of(SignHash::kSha384, key) == SignatureHash::kSha384));
    BOOST_TEST((hash_of(SignHash::kSha512, key) == SignatureHash::kSha512));
  }
  BOOST_TEST((hash_of(SignHash::kPssSha256, rsa) == SignatureHash::kSha256));
  BOOST_TEST((hash_of(SignHash::kPssSha1, rsa) == SignatureHash::kWeak));
  BOOST_TEST((hash_of(SignHash::kSha256, Key::make(KeyType::kEd25519)) == SignatureHash::kNone));
}

BOOST_AUTO_TEST_CASE(serial_number_is_positive_and_at_most_20_octets) {
  CertSpec spec;
  spec.serial = "7f" + std::string(38, 'a');
  BOOST_TEST(read_made(spec)->serial_hex == spec.serial);
  spec.serial = "ff" + std::string(38, 'a');  // The sign takes a 21st octet.
  check_refused(read_made(spec), "a serial number is longer than 20 octets");
  spec.serial = "0";
  check_refused(read_made(spec), "a serial number is not positive");
  spec.serial = "-01";
  check_refused(read_made(spec), "a serial number is not positive");
}

BOOST_AUTO_TEST_CASE(equal_serial_numbers_are_equal_values) {
  CertSpec spec;
  spec.serial = "80";  // In DER 00 80.
  BOOST_TEST(read_made(spec)->serial_hex == "80");
  Serial expected{};
  expected.back() = 0x80;
  BOOST_TEST((read_made(spec)->serial == expected));
}

BOOST_AUTO_TEST_CASE(anything_but_one_whole_certificate_is_refused) {
  Der der = self_signed({}).der;
  BOOST_TEST(read_certificate(der).has_value());
  der.push_back(0);
  check_refused(read_certificate(der), "this is not one DER certificate");
  der.pop_back();
  for (std::size_t len = 0; len < der.size(); ++len) {
    BOOST_TEST(!read_certificate(Bytes(der).first(len)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(size_limit_is_reached_and_not_passed) {
  CertSpec spec;
  spec.extensions = {{"1.2.3.4", false, Der(limits::kCertificateBytesMax - 1024)}};
  Der der = self_signed(spec).der;
  // Signatures vary by an octet or two in length, so the room left is filled by the extension.
  spec.extensions[0].value.resize(spec.extensions[0].value.size() +
                                  (limits::kCertificateBytesMax - 8 - der.size()));
  der = self_signed(spec).der;
  BOOST_REQUIRE(der.size() <= limits::kCertificateBytesMax);
  BOOST_TEST(read_certificate(der).has_value());
  spec.extensions[0].value.resize(spec.extensions[0].value.size() + 16);
  check_refused(read_made(spec), "the certificate is too large");
}

BOOST_AUTO_TEST_CASE(duplicate_extensions_are_refused) {
  CertSpec spec;
  spec.extensions = {{"1.2.3.4", false, {5, 0}}, {"1.2.3.5", false, {5, 0}}};
  BOOST_TEST(read_made(spec).has_value());
  spec.extensions.push_back({"1.2.3.4", false, {5, 0}});
  check_refused(read_made(spec), "an extension occurs twice");
}

BOOST_AUTO_TEST_CASE(number_of_extensions_is_bounded) {
  CertSpec spec;
  spec.basic_constraints = spec.key_ids = false;
  spec.key_usage = {};
  spec.extended_key_usage = {};
  for (std::size_t i = 0; i < limits::kExtensionsMax; ++i) {
    spec.extensions.push_back({"1.2.3." + std::to_string(i), false, {5, 0}});
  }
  BOOST_TEST(read_made(spec).has_value());
  spec.extensions.push_back({"1.2.4", false, {5, 0}});
  check_refused(read_made(spec), "there are too many extensions");
}

BOOST_AUTO_TEST_CASE(only_version_3_is_read) {
  CertSpec spec;
  spec.version = 0;
  check_refused(read_made(spec), "the certificate is not of version 3");
}

BOOST_AUTO_TEST_CASE(times_are_read_in_one_form_only) {
  CertSpec spec;
  spec.not_before = WallTime{-631'152'000'000};  // 1950-01-01, UTCTime "50...".
  spec.not_after = WallTime{2'524'607'999'000};  // 2049-12-31T23:59:59Z, the last UTCTime.
  BOOST_TEST((read_made(spec)->not_before == spec.not_before));
  BOOST_TEST((read_made(spec)->not_after == spec.not_after));
  spec.not_after = WallTime{2'524'608'000'000};  // 2050-01-01, the first GeneralizedTime.
  BOOST_TEST((read_made(spec)->not_after == spec.not_after));
  spec.not_after = WallTime{1'709'210'096'000};  // A leap day.
  const Der der = self_signed(spec).der;
  BOOST_TEST((read_certificate(der)->not_after == spec.not_after));
  const auto with_time = [&](std::string_view text) {
    return read_certificate(replace_once(der, "240229123456Z", text));
  };
  check_refused(with_time("230229123456Z"), "a time is not in the calendar");
  check_refused(with_time("240229243456Z"), "a time is not in the calendar");
  check_refused(with_time("240229126056Z"), "a time is not in the calendar");
  check_refused(with_time("240229123460Z"), "a time is not in the calendar");
  check_refused(with_time("240229123456+"), "a time is not of the form that certificates use");
  check_refused(with_time("24022912345 Z"), "a time is not of the form that certificates use");
}

BOOST_AUTO_TEST_CASE(two_signature_algorithms_are_refused) {
  Der der = self_signed({}).der;
  // The algorithm occurs in the signed part first; the outer one is left as it is.
  static constexpr std::string_view kSha256Oid = "\x2a\x86\x48\xce\x3d\x04\x03\x02";
  const auto at =
      std::search(der.begin(), der.end(), as_bytes(kSha256Oid).begin(), as_bytes(kSha256Oid).end());
  BOOST_REQUIRE((at != der.end()));
  *(at + 7) = 3;
  check_refused(read_certificate(der), "the certificate names two signature algorithms");
}

BOOST_AUTO_TEST_CASE(purpose_follows_the_extended_key_usage) {
  const auto purpose_of = [](std::vector<std::string> usages) {
    CertSpec spec;
    spec.extended_key_usage = std::move(usages);
    return read_made(spec)->purpose;
  };
  BOOST_TEST((purpose_of({}) == Purpose::kUnstated));
  BOOST_TEST((purpose_of({"1.3.6.1.5.5.7.3.2"}) == Purpose::kClient));
  BOOST_TEST((purpose_of({"1.3.6.1.5.5.7.3.1"}) == Purpose::kOther));
  BOOST_TEST((purpose_of({"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"}) == Purpose::kClient));
  BOOST_TEST((purpose_of({"2.5.29.37.0"}) == Purpose::kClient));
}

BOOST_AUTO_TEST_CASE(key_usage_says_what_the_key_may_sign) {
  const Certificate ca = *read_made(ca_spec("ca"));
  BOOST_TEST(ca.may_sign_certificates);
  BOOST_TEST(ca.may_sign_crls);
  BOOST_TEST(!ca.may_sign_data);
  CertSpec spec = ca_spec("ca");
  spec.key_usage = {};
  const Certificate unsaid = *read_made(spec);
  BOOST_TEST((unsaid.may_sign_certificates && unsaid.may_sign_crls && unsaid.may_sign_data));
  spec.key_usage = {5, 6};
  spec.ca = false;
  BOOST_TEST(!read_made(spec)->may_sign_certificates);
}

BOOST_AUTO_TEST_CASE(damaged_extensions_are_refused) {
  const auto with = [](const std::string& oid, Der value) {
    CertSpec spec;
    spec.basic_constraints = spec.key_ids = false;
    spec.key_usage = {};
    spec.extended_key_usage = {};
    spec.extensions = {{oid, false, std::move(value)}};
    return read_made(spec);
  };
  check_refused(with("2.5.29.19", {0x31, 0}), "the basic constraints are damaged");
  check_refused(with("2.5.29.19", {0x30, 3, 2, 1, 0xff}), "the basic constraints are damaged");
  check_refused(with("2.5.29.15", {0x03, 0x02, 0x09, 0x80}), "the key usage is damaged");
  check_refused(with("2.5.29.37", {0x30, 0x01, 0x05}), "the extended key usage is damaged");
  check_refused(with("2.5.29.17", {0x30, 0x02, 0x82, 0x05}), "a SAN is damaged");
  check_refused(with("2.5.29.17", {0x30, 0x00, 0x00}), "a SAN is damaged");
  BOOST_TEST(with("2.5.29.19", {0x30, 0x03, 0x01, 0x01, 0x00}).has_value());  // Explicit FALSE.
}

BOOST_AUTO_TEST_CASE(pem_gives_every_certificate_and_skips_the_rest) {
  const Issued one = self_signed({}), two = self_signed({});
  const auto blocks = pem_certificates("# comment\n" + one.key.pem() + one.pem() + two.pem());
  BOOST_REQUIRE(blocks.has_value());
  BOOST_REQUIRE(blocks->size() == 2);
  BOOST_TEST((*blocks)[0] == one.der);
  BOOST_TEST((*blocks)[1] == two.der);
}

BOOST_AUTO_TEST_CASE(pem_without_certificates_or_with_damage_is_an_error) {
  BOOST_TEST(!pem_certificates("").has_value());
  BOOST_TEST(!pem_certificates(Key::make().pem()).has_value());
  const std::string pem = self_signed({}).pem();
  std::string damaged = pem;
  damaged[pem.size() / 2] = '*';
  BOOST_TEST(!pem_certificates(pem + damaged).has_value());
  BOOST_TEST(!pem_certificates(pem + pem.substr(0, pem.size() - 20)).has_value());
  std::string with_header = pem;
  with_header.insert(with_header.find('\n') + 1, "Proc-Type: 4,ENCRYPTED\n\n");
  BOOST_TEST(!pem_certificates(with_header).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
