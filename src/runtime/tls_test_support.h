// A self-signed certificate for tests of TLS.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

namespace amity::runtime::testing {

// A certificate for "localhost" that vouches for itself, and its key, in two files.
struct Identity {
  std::string certificate, key;

  explicit Identity(const std::string& name) {
    const auto base =
        std::filesystem::temp_directory_path() / ("amity_tls_" + name + std::to_string(::getpid()));
    certificate = base.string() + ".crt";
    key = base.string() + ".key";
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pair);
    X509_NAME* subject = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x, subject);
    X509_EXTENSION* alternative =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(x, alternative, -1);
    X509_sign(x, pair, EVP_sha256());
    write(certificate, [&](FILE* file) { PEM_write_X509(file, x); });
    write(key, [&](FILE* file) {
      PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_EXTENSION_free(alternative);
    X509_free(x);
    EVP_PKEY_free(pair);
  }
  ~Identity() {
    std::filesystem::remove(certificate);
    std::filesystem::remove(key);
  }
  static void write(const std::string& path, const std::function<void(FILE*)>& how) {
    FILE* file = std::fopen(path.c_str(), "w");
    how(file);
    std::fclose(file);
  }
};

}  // namespace amity::runtime::testing
