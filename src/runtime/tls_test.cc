#include "runtime/tls.h"

#include "runtime/runtime_test_support.h"
#include "runtime/tls_test_support.h"

namespace amity::runtime {
namespace {

using namespace testing;

class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    auto context = TlsContext::server(identity.certificate, identity.key);
    ASSERT_TRUE(context.ok()) << to_string(context.error());
    serving = make_tls_network(reactor.runtime(), *context);
    auto listening = serving->listen({"127.0.0.1", 0}, [this](std::unique_ptr<Stream> s) {
      accepted.push_back(std::move(s));
      accepted.back()->set_handler(&server);
    });
    ASSERT_TRUE(listening.ok());
    listener = std::move(*listening);
  }
  void connect(const std::string& trusted, const std::string& host) {
    auto context = TlsContext::client(trusted);
    ASSERT_TRUE(context.ok()) << to_string(context.error());
    asking = make_tls_network(reactor.runtime(), *context);
    stream = asking->connect({host, listener->local().port}, 2s, &client);
    ASSERT_TRUE(serve_until(reactor, [&] { return client.opened || client.closed; }));
  }

  Identity identity{"localhost"};
  Reactor reactor;
  std::unique_ptr<Network> serving, asking;
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Stream>> accepted;
  Recorder client, server;
  std::unique_ptr<Stream> stream;
};

TEST_F(Tls, BytesTravelBothWaysEncrypted) {
  connect(identity.certificate, "localhost");
  ASSERT_TRUE(client.opened) << to_string(client.error);
  const std::string large(3 << 20, 'q');
  stream->send(text_bytes(large));
  ASSERT_TRUE(serve_until(reactor, [&] { return server.received.size() == large.size(); }));
  EXPECT_TRUE(server.received == large);
  accepted[0]->send(text_bytes("answer"));
  ASSERT_TRUE(serve_until(reactor, [&] { return client.received == "answer"; }));
  accepted[0]->close();
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_EQ(client.error.code, ErrorCode::kClosed);
}

TEST_F(Tls, AnUntrustedCertificateIsRefused) {
  const Identity stranger("elsewhere");
  connect(stranger.certificate, "localhost");
  EXPECT_FALSE(client.opened);
  EXPECT_EQ(client.error.code, ErrorCode::kSecurity) << to_string(client.error);
}

TEST_F(Tls, ACertificateForAnotherHostIsRefused) {
  connect(identity.certificate, "127.0.0.1");
  EXPECT_FALSE(client.opened);
  EXPECT_EQ(client.error.code, ErrorCode::kSecurity) << to_string(client.error);
}

TEST_F(Tls, PlainTextIsRefused) {
  stream = reactor.runtime().network.connect(listener->local(), 1s, &client);
  stream->send(text_bytes("GET / HTTP/1.1\r\n\r\n"));
  ASSERT_TRUE(serve_until(reactor, [&] { return server.closed; }));
  EXPECT_EQ(server.error.code, ErrorCode::kSecurity);
  EXPECT_EQ(server.received, "");
}

TEST_F(Tls, StreamDestroyedInsideItsCallback) {
  server.when_bytes = [&] { accepted.clear(); };
  connect(identity.certificate, "localhost");
  stream->send(text_bytes("bye"));
  EXPECT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_FALSE(server.closed);
}

TEST_F(Tls, FilesThatAreMissingAreAnError) {
  EXPECT_FALSE(TlsContext::server("/nowhere.crt", "/nowhere.key").ok());
  EXPECT_FALSE(TlsContext::server(identity.certificate, identity.certificate).ok());
}

}  // namespace
}  // namespace amity::runtime
