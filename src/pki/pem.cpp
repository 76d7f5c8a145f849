#include "pki/pem.h"

#include <openssl/bio.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

#include "base/limits.h"
#include "pki/boringssl.h"
#include "pki/certificate.h"

namespace interlock::pki {

Result<std::vector<std::vector<std::uint8_t>>> pem_blocks(std::string_view pem,
                                                          std::string_view label) {
  if (pem.size() > limits::kCrlFileBytesMax) {
    return fail(Errc::kLimit, Origin::kOwn, "the file is too large");
  }
  const ErrorMark mark;
  const bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<std::vector<std::uint8_t>> blocks;
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    std::uint8_t* data = nullptr;
    long len = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &data, &len) != 1) break;
    const bssl::UniquePtr<char> owned_name(name), owned_header(header);
    const bssl::UniquePtr<std::uint8_t> owned_data(data);
    if (name != label) continue;
    if (*header != '\0') {
      return fail(Errc::kUnsupported, Origin::kOwn, "a PEM block is encrypted or has headers");
    }
    blocks.emplace_back(data, data + len);
  }
  // The end of the input is told from a damaged block only by the error left behind.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return fail(Errc::kMalformed, Origin::kOwn, "a PEM block is damaged");
  }
  return blocks;
}

Result<std::vector<std::vector<std::uint8_t>>> pem_certificates(std::string_view pem) {
  auto blocks = pem_blocks(pem, "CERTIFICATE");
  if (blocks.has_value() && blocks->empty()) {
    return fail(Errc::kMalformed, Origin::kOwn, "there is no PEM block labelled CERTIFICATE");
  }
  return blocks;
}

}  // namespace interlock::pki
