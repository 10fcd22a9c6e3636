// For tests: who signs programs, and a server's folder of them.
#pragma once

#include <openssl/evp.h>

#include <fstream>

#include "edge/update.h"

namespace amity::edge {

struct Signer {
  EVP_PKEY* pair = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  ~Signer() { EVP_PKEY_free(pair); }
  Bytes key() const {
    Bytes out(32);
    std::size_t size = out.size();
    EVP_PKEY_get_raw_public_key(pair, out.data(), &size);
    return out;
  }
  Bytes sign(std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, pair);
    Bytes out(64);
    std::size_t size = out.size();
    EVP_DigestSign(context, out.data(), &size, as_bytes(text).data(), text.size());
    EVP_MD_CTX_free(context);
    return out;
  }
};

inline void publish_program(const std::string& folder, const std::string& name,
                            const std::string& content, const std::string& version,
                            const std::string& target, const Signer& signer) {
  std::ofstream(folder + "/" + name, std::ios::binary) << content;
  const Manifest manifest{version, target, content.size(), *digest_of_file(folder + "/" + name)};
  std::ofstream(folder + "/" + name + ".manifest", std::ios::binary) << to_text(manifest);
  const Bytes signature = signer.sign(to_text(manifest));
  std::ofstream(folder + "/" + name + ".sig", std::ios::binary) << as_text(signature);
}

}  // namespace amity::edge
