// For tests: an authority that issues certificates, good, expired or for anybody.
#pragma once

#include "runtime/tls_test_support.h"

namespace amity::runtime::testing {

class Authority {
 public:
  explicit Authority(const std::string& name)
      : base_((std::filesystem::temp_directory_path() /
               ("amity_ca_" + name + std::to_string(::getpid())))
                  .string()),
        name_(name),
        pair_(EVP_EC_gen("P-256")) {
    certificate = base_ + ".crt";
    X509* own = make(name, pair_, -3600, 86'400, true);
    Identity::write(certificate, [&](FILE* file) { PEM_write_X509(file, own); });
    X509_free(own);
  }
  ~Authority() {
    EVP_PKEY_free(pair_);
    std::filesystem::remove(certificate);
    for (const std::string& file : files_) std::filesystem::remove(file);
  }
  Authority(const Authority&) = delete;

  struct Files {
    std::string certificate, key;
  };
  // Of `name`, as common name and as host; valid from now + from_s to now + until_s.
  Files issue(const std::string& name, long from_s = -3600, long until_s = 3600) {
    const std::string base = base_ + "_" + name + std::to_string(files_.size());
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* x = make(name, pair, from_s, until_s, false);
    Files files{base + ".crt", base + ".key"};
    Identity::write(files.certificate, [&](FILE* file) { PEM_write_X509(file, x); });
    Identity::write(files.key, [&](FILE* file) {
      PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(x);
    EVP_PKEY_free(pair);
    files_.push_back(files.certificate);
    files_.push_back(files.key);
    return files;
  }

  std::string certificate;

 private:
  X509* make(const std::string& name, EVP_PKEY* pair, long from_s, long until_s, bool authority) {
    X509* x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(x), from_s);
    X509_gmtime_adj(X509_getm_notAfter(x), until_s);
    X509_set_pubkey(x, pair);
    set_name(X509_get_subject_name(x), name);
    set_name(X509_get_issuer_name(x), name_);
    X509_EXTENSION* extension =
        authority
            ? X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE")
            : X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(x, pair_, EVP_sha256());
    return x;
  }
  static void set_name(X509_NAME* out, const std::string& name) {
    X509_NAME_add_entry_by_txt(out, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  }

  std::string base_, name_;
  EVP_PKEY* pair_;
  long serial_ = 0;
  std::vector<std::string> files_;
};

}  // namespace amity::runtime::testing
