// TLS 1.2 and 1.3 over any Network, on OpenSSL.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/tls_path.h"

struct ssl_ctx_st;

namespace amity::runtime {

// Certificates and policy; shared by any number of streams.
class TlsContext {
 public:
  // PEM files: the certificate with its chain, and the private key. With `client_authority_file`
  // clients must prove a certificate that it vouches for; proved_name() says whose.
  static Result<TlsContext> server(const std::string& certificate_file, const std::string& key_file,
                                   const std::string& client_authority_file = {});
  // Trusts the certificates of `authority_file` (PEM), or the system's where it is "". The peer's
  // certificate must be valid and be for the host that is connected to.
  static Result<TlsContext> client(const std::string& authority_file);
  // The same, and proves a certificate of its own to servers that ask for one.
  static Result<TlsContext> client(const std::string& authority_file,
                                   const std::string& certificate_file,
                                   const std::string& key_file);

  ssl_ctx_st* get() const { return context_.get(); }

 private:
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

// The common name in the certificate that the stream's peer has proved to own; "" where it has proved
// none, or the stream is none of TLS.
std::string proved_name(const Stream& stream);

// A client's stream on one of `runtime.network`; it has `timeout` to connect and again to agree on
// TLS. `name` is what the peer's certificate must be for.
std::unique_ptr<Stream> tls_connect(const Runtime& runtime, const TlsContext& context,
                                    const Endpoint& to, const std::string& name, Duration timeout,
                                    Stream::Handler* handler);

// What paths need, read from their files once; anew when a file was replaced.
class TlsPaths {
 public:
  Result<TlsContext> context(const TlsPath& path);

 private:
  using Stamps = std::array<std::optional<std::filesystem::file_time_type>, 3>;
  struct Kept {
    Stamps stamps;
    TlsContext context;
  };
  static Stamps stamps_of(const TlsPath& path);

  std::map<TlsPath, Kept> kept_;
};

// Streams of `runtime.network` with TLS on them: connect() is the client's side, listen() the
// server's. Datagrams are refused.
std::unique_ptr<Network> make_tls_network(const Runtime& runtime, const TlsContext& context);

}  // namespace amity::runtime
