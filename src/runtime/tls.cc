#include "runtime/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "runtime/limits.h"

namespace amity::runtime {

namespace {

std::string openssl_reason() {
  char text[256] = "unknown";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

Error tls_error(const std::string& doing) {
  return make_error(ErrorCode::kSecurity, doing + ": " + openssl_reason());
}

Result<std::shared_ptr<ssl_ctx_st>> new_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return tls_error("TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds no record buffers
  return std::shared_ptr<ssl_ctx_st>(context, SSL_CTX_free);
}

Status take_identity(ssl_ctx_st* context, const std::string& certificate_file,
                     const std::string& key_file) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
    return tls_error("certificate " + certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return tls_error("key " + key_file);
  if (SSL_CTX_check_private_key(context) != 1) return tls_error("the key is not the certificate's");
  return {};
}

// The common name of the certificate's subject; "" where it has none or several.
std::string common_name(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name.find('\0') == std::string::npos ? name : std::string();
}

struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsStream : public Stream, private Stream::Handler {
 public:
  TlsStream(const Runtime& runtime, const TlsContext& context, bool client)
      : clock_(runtime.clock),
        timers_(runtime.timers),
        ssl_(SSL_new(context.get())),
        client_(client) {
    AMITY_ASSERT(ssl_ != nullptr);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  }
  ~TlsStream() override {
    timers_.cancel(limit_);
    if (destroyed_ != nullptr) *destroyed_ = true;
  }

  void attach(std::unique_ptr<Stream> raw) { raw_ = std::move(raw); }
  Stream::Handler* below() { return this; }
  bool expect_host(const std::string& host) {
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl_.get());
    return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1 ||
           SSL_set1_host(ssl_.get(), host.c_str()) == 1;
  }
  void start_with(Stream::Handler* handler, const std::string& name, Duration timeout) {
    handler_ = handler;
    name_ = name;
    timeout_ = timeout;
  }

  void set_handler(Stream::Handler* handler) override {
    handler_ = handler;
    raw_->set_handler(handler != nullptr ? this : nullptr);
    if (handler == nullptr || !open_) return;
    // Something may have been received and decrypted while nobody listened.
    timers_.post([guard = std::weak_ptr<TlsStream*>(self_)] {
      if (const auto self = guard.lock()) (*self)->read_plain();
    });
  }

  void send(Bytes bytes) override {
    if (closing_ || bytes.empty()) return;
    if (!open_) {
      append(waiting_, bytes);
    } else {
      write_plain(bytes);
    }
  }
  std::size_t queued_bytes() const override { return raw_->queued_bytes() + waiting_.size(); }
  void close() override {
    if (closing_) return;
    closing_ = true;
    handler_ = nullptr;
    timers_.cancel(limit_);
    if (open_) SSL_shutdown(ssl_.get());
    flush();
    raw_->close();
  }
  Endpoint local() const override { return raw_->local(); }
  Endpoint peer() const override { return raw_->peer(); }
  std::string peer_name() const {
    if (!open_ || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
    X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    return certificate == nullptr ? std::string() : common_name(certificate);
  }

 private:
  void on_open() override {
    limit_ = timers_.at(clock_.now() + timeout_, [this] {
      limit_ = 0;
      finish(make_error(ErrorCode::kTimeout, "TLS handshake: timeout, the peer does not answer"));
    });
    handshake();
  }
  void on_drained() override {
    if (handler_ != nullptr && open_) handler_->on_drained();
  }
  void on_closed(const Error& why) override { finish(why); }

  void on_bytes(ByteView bytes) override {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    if (!open_ && !handshake()) return;
    read_plain();
  }

  // False while it goes on, when it failed, or when this was destroyed by a callback.
  bool handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    flush();
    if (result != 1) {
      const int kind = SSL_get_error(ssl_.get(), result);
      if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) finish(handshake_error());
      return false;
    }
    open_ = true;
    timers_.cancel(std::exchange(limit_, 0));
    if (!waiting_.empty()) write_plain(std::exchange(waiting_, {}));
    if (!client_ || handler_ == nullptr) return true;
    bool destroyed = false;
    destroyed_ = &destroyed;
    handler_->on_open();
    if (destroyed) return false;
    destroyed_ = nullptr;
    return true;
  }

  // With what is wrong with the peer's certificate, where that is the reason.
  Error handshake_error() {
    const Error error = tls_error("TLS handshake");
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified == X509_V_OK) return error;
    const std::string whose = client_ ? "the certificate of " + name_ : "the client's certificate";
    return make_error(ErrorCode::kSecurity, "TLS handshake: " + whose + " is refused: " +
                                                X509_verify_cert_error_string(verified));
  }

  void read_plain() {
    std::uint8_t buffer[kTlsRecordBytes];
    while (handler_ != nullptr) {
      ERR_clear_error();
      const int n = SSL_read(ssl_.get(), buffer, sizeof buffer);
      if (n > 0) {
        bool destroyed = false;
        destroyed_ = &destroyed;
        handler_->on_bytes(ByteView(buffer, static_cast<std::size_t>(n)));
        if (destroyed) return;
        destroyed_ = nullptr;
        continue;
      }
      flush();  // answers of the protocol itself
      const int kind = SSL_get_error(ssl_.get(), n);
      if (kind == SSL_ERROR_ZERO_RETURN)
        finish(make_error(ErrorCode::kClosed, "the peer closed the connection"));
      if (kind == SSL_ERROR_SSL || kind == SSL_ERROR_SYSCALL) finish(tls_error("TLS"));
      return;
    }
  }

  void write_plain(ByteView bytes) {
    ERR_clear_error();
    SSL_write(ssl_.get(), bytes.data(),
              static_cast<int>(bytes.size()));  // into memory: takes all of it
    flush();
  }

  void flush() {
    BIO* out = SSL_get_wbio(ssl_.get());
    const std::size_t size = BIO_ctrl_pending(out);
    if (size == 0 || raw_ == nullptr) return;
    Bytes bytes(size);
    BIO_read(out, bytes.data(), static_cast<int>(size));
    raw_->send(std::move(bytes));
  }

  void finish(const Error& why) {
    closing_ = true;
    timers_.cancel(std::exchange(limit_, 0));
    raw_->close();
    if (Stream::Handler* handler = std::exchange(handler_, nullptr)) handler->on_closed(why);
  }

  const Clock& clock_;
  Timers& timers_;
  std::string name_;  // of whom we call
  Duration timeout_{};
  TimerId limit_ = 0;
  std::unique_ptr<SSL, SslDelete> ssl_;
  const bool client_;
  std::unique_ptr<Stream> raw_;
  Stream::Handler* handler_ = nullptr;
  Bytes waiting_;  // to be sent after the handshake
  bool open_ = false, closing_ = false;
  bool* destroyed_ = nullptr;  // set when a callback destroys this
  std::shared_ptr<TlsStream*> self_ = std::make_shared<TlsStream*>(this);
};

class EncryptedNetwork : public Network {
 public:
  EncryptedNetwork(const Runtime& runtime, const TlsContext& context)
      : runtime_(runtime), context_(context) {}

  std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout,
                                  Stream::Handler* handler) override {
    return tls_connect(runtime_, context_, to, to.host, timeout, handler);
  }

  Result<std::unique_ptr<Listener>> listen(
      const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) override {
    return runtime_.network.listen(
        at, [this, on_accept = std::move(on_accept)](std::unique_ptr<Stream> raw) {
          auto stream = std::make_unique<TlsStream>(runtime_, context_, false);
          stream->attach(std::move(raw));
          on_accept(std::move(stream));
        });
  }

  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint&, std::function<void(const Endpoint&, ByteView)>) override {
    return make_error(ErrorCode::kUnsupported, "TLS has no datagrams");
  }

 private:
  Runtime runtime_;
  TlsContext context_;
};

}  // namespace

Result<TlsContext> TlsContext::server(const std::string& certificate_file,
                                      const std::string& key_file,
                                      const std::string& client_authority_file) {
  AMITY_TRY(auto context, new_context(TLS_server_method()));
  AMITY_CHECK(take_identity(context.get(), certificate_file, key_file));
  if (client_authority_file.empty()) return TlsContext(std::move(context));
  if (SSL_CTX_load_verify_file(context.get(), client_authority_file.c_str()) != 1)
    return tls_error("certificates to trust " + client_authority_file);
  SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(client_authority_file.c_str()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Every connection proves its certificate anew: none goes on with what one of before has proved.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context.get(), 0);
  return TlsContext(std::move(context));
}

Result<TlsContext> TlsContext::client(const std::string& authority_file) {
  AMITY_TRY(auto context, new_context(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool loaded = authority_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                          : SSL_CTX_load_verify_file(context.get(), authority_file.c_str()) == 1;
  if (!loaded)
    return tls_error("certificates to trust" +
                     (authority_file.empty() ? authority_file : " " + authority_file));
  return TlsContext(std::move(context));
}

Result<TlsContext> TlsContext::client(const std::string& authority_file,
                                      const std::string& certificate_file,
                                      const std::string& key_file) {
  AMITY_TRY(TlsContext context, client(authority_file));
  AMITY_CHECK(take_identity(context.get(), certificate_file, key_file));
  return context;
}

std::string proved_name(const Stream& stream) {
  const auto* tls = dynamic_cast<const TlsStream*>(&stream);
  return tls == nullptr ? std::string() : tls->peer_name();
}

std::unique_ptr<Stream> tls_connect(const Runtime& runtime, const TlsContext& context,
                                    const Endpoint& to, const std::string& name, Duration timeout,
                                    Stream::Handler* handler) {
  auto stream = std::make_unique<TlsStream>(runtime, context, true);
  AMITY_ASSERT(stream->expect_host(name));
  stream->start_with(handler, name, timeout);
  stream->attach(runtime.network.connect(to, timeout, stream->below()));
  return stream;
}

TlsPaths::Stamps TlsPaths::stamps_of(const TlsPath& path) {
  Stamps stamps;
  std::error_code none;
  std::size_t at = 0;
  for (const std::string* file : {&path.authority, &path.certificate, &path.key}) {
    const auto stamp = std::filesystem::last_write_time(*file, none);
    if (!none) stamps[at] = stamp;
    ++at;
  }
  return stamps;
}

Result<TlsContext> TlsPaths::context(const TlsPath& path) {
  TlsPath files = path;
  files.name.clear();
  const Stamps stamps = stamps_of(files);
  const auto known = kept_.find(files);
  if (known != kept_.end() && known->second.stamps == stamps) return known->second.context;
  if (files.certificate.empty() != files.key.empty())
    return make_error(ErrorCode::kInvalid, "TLS: a certificate of one's own needs its key");
  AMITY_TRY(TlsContext made,
            files.certificate.empty()
                ? TlsContext::client(files.authority)
                : TlsContext::client(files.authority, files.certificate, files.key));
  if (known != kept_.end()) kept_.erase(known);
  if (kept_.size() >= kTlsPathsMax) kept_.clear();
  kept_.emplace(std::move(files), Kept{stamps, made});
  return made;
}

std::unique_ptr<Network> make_tls_network(const Runtime& runtime, const TlsContext& context) {
  return std::make_unique<EncryptedNetwork>(runtime, context);
}

}  // namespace amity::runtime
