#include "runtime/tls.h"

#include "runtime/authority_test_support.h"
#include "runtime/runtime_test_support.h"

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

// Paths: each with files of its own, over the reactor's network.
struct TlsOfPaths : ::testing::Test {
  Authority authority{"makers"}, others{"others"};
  Authority::Files meter = authority.issue("meter-7"), reader = authority.issue("head-end");
  Reactor reactor;
  std::unique_ptr<Network> serving;
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Stream>> accepted;
  Recorder client, server;
  std::unique_ptr<Stream> stream;

  void serve(const std::string& clients_of = "") {
    const auto context = TlsContext::server(meter.certificate, meter.key, clients_of);
    ASSERT_TRUE(context.ok()) << to_string(context.error());
    serving = make_tls_network(reactor.runtime(), *context);
    listener = std::move(*serving->listen({"127.0.0.1", 0}, [this](std::unique_ptr<Stream> s) {
      accepted.push_back(std::move(s));
      accepted.back()->set_handler(&server);
    }));
  }
  Status connect(const TlsPath& path, const Endpoint& to) {
    client = Recorder();
    auto& network = dynamic_cast<TlsNetwork&>(reactor.runtime().network);
    AMITY_TRY(stream, network.connect_tls(to, path, 1s, &client));
    EXPECT_TRUE(serve_until(reactor, [&] { return client.opened || client.closed; }));
    return client.opened ? Status{} : Status(client.error);
  }
  std::string connect(const TlsPath& path) {
    const Status status = connect(path, listener->local());
    return status.ok() ? "open" : status.error().reason;
  }
};

TEST_F(TlsOfPaths, TheCertificateIsOfTheNameAndTheAuthority) {
  serve();
  EXPECT_EQ(connect({authority.certificate, "", "", "meter-7"}), "open");
  EXPECT_EQ(connect({authority.certificate, "", "", "meter-8"}),
            "TLS handshake: the certificate of meter-8 is refused: hostname mismatch");
  EXPECT_EQ(connect({authority.certificate, "", "", ""}),
            "TLS handshake: the certificate of 127.0.0.1 is refused: IP address mismatch");
  EXPECT_EQ(connect({others.certificate, "", "", "meter-7"}),
            "TLS handshake: the certificate of meter-7 is refused: unable to get local issuer "
            "certificate");
  EXPECT_NE(connect({"/nowhere.pem", "", "", "meter-7"}).find("/nowhere.pem"), std::string::npos);
}

TEST_F(TlsOfPaths, AMeterMayAskWhoReadsIt) {
  serve(authority.certificate);
  EXPECT_EQ(connect({authority.certificate, reader.certificate, reader.key, "meter-7"}), "open");
  stream->send(text_bytes("hello"));
  ASSERT_TRUE(serve_until(reactor, [&] { return server.received == "hello"; }));
  EXPECT_EQ(proved_name(*accepted.back()), "head-end");
  // With TLS 1.3 it is after its own handshake that a client hears of it.
  (void)connect({authority.certificate, "", "", "meter-7"});
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_NE(client.error.reason.find("certificate required"), std::string::npos)
      << client.error.reason;
}

TEST_F(TlsOfPaths, ARenewedCertificateIsTakenFromItsFile) {
  serve();
  const std::string trusted = authority.certificate + ".trusted";
  std::filesystem::copy_file(others.certificate, trusted);
  const TlsPath path{trusted, "", "", "meter-7"};
  EXPECT_NE(connect(path), "open");
  std::filesystem::remove(trusted);
  std::filesystem::copy_file(authority.certificate, trusted);
  std::filesystem::last_write_time(trusted, std::filesystem::file_time_type::clock::now() + 10s);
  EXPECT_EQ(connect(path), "open");
  std::filesystem::remove(trusted);
}

TEST_F(TlsOfPaths, APeerThatDoesNotSpeakTlsIsNotWaitedForLong) {
  std::unique_ptr<Stream> silent;
  auto plain = reactor.runtime().network.listen(
      {"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) { silent = std::move(s); });
  ASSERT_TRUE(plain.ok());
  const Status status = connect({authority.certificate, "", "", "meter-7"}, (*plain)->local());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kTimeout) << to_string(status.error());
}

TEST_F(Tls, FilesThatAreMissingAreAnError) {
  EXPECT_FALSE(TlsContext::server("/nowhere.crt", "/nowhere.key").ok());
  EXPECT_FALSE(TlsContext::server(identity.certificate, identity.certificate).ok());
}

}  // namespace
}  // namespace amity::runtime
