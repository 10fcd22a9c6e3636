// How the server behaves as an HTTP server: good clients, clumsy ones and hostile ones.
#include "api/test_support.h"
#include "runtime/runtime_test_support.h"
#include "runtime/tls.h"
#include "runtime/tls_test_support.h"

namespace amity::api::testing {
namespace {

using HttpServerTest = ServerTest;

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  serve();
  Client client(server_->local());
  client.auth = key_for("viewer");
  std::string text;
  // Some are answered on the I/O thread, some on workers: the order of the answers is that of the
  // questions.
  for (int i = 1; i <= 20; ++i) {
    const std::string target = i % 3 == 0 ? "/api/v1/devices/" + std::to_string(i) + "/events"
                               : i % 3 == 1
                                   ? "/api/v1/devices/" + std::to_string(i) + "/readings"
                                   : "/api/v1/devices/999" + std::to_string(i) + "/readings";
    text += "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + client.auth + "\r\n";
  }
  client.send(text);
  for (int i = 1; i <= 20; ++i) {
    const Answer answer = client.read();
    EXPECT_EQ(answer.status, i % 3 == 2 ? 404 : 200) << i << " " << answer.body;
    if (i % 3 == 1) {
      EXPECT_EQ(answer.parsed()["device"], i);
    }
  }
}

TEST_F(HttpServerTest, NotFoundAndNotAllowed) {
  serve();
  Client client(server_->local());
  const Answer missing = client.get("/api/v1/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(missing.parsed()["instance"], "/api/v1/nothing");
  const Answer method = client.request("PUT", "/api/v1/session");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.header("Allow"), "POST, GET, DELETE");
  EXPECT_EQ(client.request("BREW", "/api/v1/devices").status, 405);
}

TEST_F(HttpServerTest, SecurityFieldsOnEveryAnswer) {
  serve();
  Client client(server_->local());
  for (const std::string path : {"/healthz", "/api/v1/nothing", "/api/v1/devices"}) {
    const Answer answer = client.get(path);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_NE(
        answer.header("Content-Security-Policy").find("default-src 'self'; frame-ancestors 'none'"),
        std::string::npos);
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  }
}

TEST_F(HttpServerTest, SlowLorisIsClosed) {
  options.request_timeout_ms = 150;
  serve();
  Client client(server_->local());
  client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 10; ++i) {  // a field now and then does not buy time
    std::this_thread::sleep_for(30ms);
    client.send("X-" + std::to_string(i) + ": y\r\n");
  }
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, IdleConnectionIsClosed) {
  options.idle_timeout_ms = 100;
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, OversizedHeaderAndBody) {
  serve();
  Client header(server_->local());
  header.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(200'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(header.read().status, 431);
  Client body(server_->local());
  body.send("POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
            std::string(100'000, 'a'));
  EXPECT_EQ(body.read().status, 413);
  Client garbage(server_->local());
  garbage.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n");
  EXPECT_EQ(garbage.read().status, 400);
}

TEST_F(HttpServerTest, ConnectionsAreLimited) {
  options.threads = 1;
  options.connections_max = 3;
  serve();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(server_->local()));
    EXPECT_EQ(clients.back()->get("/healthz").status, 200);
  }
  Client fourth(server_->local());
  EXPECT_EQ(fourth.get("/healthz").status, 0);
  clients.pop_back();
  int status = 0;
  for (int i = 0; i < 50 && status != 200; ++i) {
    std::this_thread::sleep_for(5ms);
    Client next(server_->local());
    status = next.get("/healthz").status;
  }
  EXPECT_EQ(status, 200) << "there is room again";
}

TEST_F(HttpServerTest, HostIsChecked) {
  options.allowed_hosts = {"amity.example"};
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/healthz").status, 421);
  client.send("GET /healthz HTTP/1.1\r\nHost: amity.example:8080\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(HttpServerTest, OverTls) {
  const runtime::testing::Identity identity("localhost");
  options.tls_certificate_file = identity.certificate;
  options.tls_key_file = identity.key;
  serve();
  runtime::Reactor reactor;
  auto context = runtime::TlsContext::client(identity.certificate);
  ASSERT_TRUE(context.ok());
  const auto network = runtime::make_tls_network(reactor.runtime(), *context);
  runtime::testing::Recorder client;
  const auto stream = network->connect({"localhost", server_->local().port}, 2s, &client);
  const std::string body = R"({"user":"admin","password":"correct horse battery"})";
  stream->send(runtime::testing::text_bytes(
      "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body));
  const auto answered = [&] { return client.received.find("\"csrf\"") != std::string::npos; };
  ASSERT_TRUE(runtime::testing::serve_until(reactor, answered))
      << client.received << to_string(client.error);
  EXPECT_NE(client.received.find("; Secure"), std::string::npos) << client.received;
}

TEST_F(HttpServerTest, HeadAndHttp10) {
  serve();
  Client client(server_->local());
  const Answer head = client.request("HEAD", "/healthz");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "3");
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  const Answer old = client.read();
  EXPECT_EQ(old.body, "ok\n");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, ThePageIsServedFromTheTableOnly) {
  static const std::string kPage = "<!doctype html>", kScript = "let a = 1",
                           kPacked = "\x1f\x8b packed";
  static const Asset kAssets[] = {
      {"/index.html", "text/html; charset=utf-8", as_bytes(kPage), {}, false},
      {"/assets/app-1.js", "text/javascript; charset=utf-8", as_bytes(kScript), as_bytes(kPacked),
       true},
  };
  options.assets = kAssets;
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/").body, kPage);
  EXPECT_EQ(client.get("/meters/42?tab=events").body, kPage) << "the page routes itself";
  EXPECT_EQ(client.get("/").header("Cache-Control"), "no-cache");
  EXPECT_EQ(client.get("/assets/app-1.js").body, kScript);
  const Answer packed = client.request("GET", "/assets/app-1.js", "", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.body, kPacked);
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.header("Cache-Control"), "public, max-age=31536000, immutable");
  for (const std::string path : {"/../etc/passwd.txt", "/%2e%2e/etc/passwd.txt",
                                 "/assets/..%2findex.html.x", "/favicon.ico"}) {
    EXPECT_EQ(client.get(path).status, 404) << path;
  }
}

TEST_F(HttpServerTest, MetricsAndReadiness) {
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/readyz").status, 200);
  services_->is_ready = false;
  const Answer not_ready = client.get("/readyz");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(not_ready.parsed()["detail"], "replaying the journal");
  client.auth = key_for("viewer");
  const Answer metrics = client.get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("amity_api_requests_total{status=\"5xx\"} 1"), std::string::npos)
      << metrics.body;
  EXPECT_NE(metrics.body.find("# TYPE amity_intake_readings_total "
                              "counter\namity_intake_readings_total{source=\"push\"} 42"),
            std::string::npos);
}

TEST_F(HttpServerTest, MetricsNeedACredentialEvenFromTheMachineItself) {
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/metrics").status, 401);
  client.auth = "Authorization: Bearer amity_none_none\r\n";
  EXPECT_EQ(client.get("/metrics").status, 401);
  client.auth = key_for("viewer");
  EXPECT_EQ(client.get("/metrics").status, 200);
}

TEST_F(HttpServerTest, OpenMetricsAreForAnyoneAndNothingElseIs) {
  options.open_metrics = true;
  serve();
  Client client(server_->local());
  EXPECT_EQ(client.get("/metrics").status, 200);
  EXPECT_EQ(client.get("/api/v1/overview").status, 401);
}

}  // namespace
}  // namespace amity::api::testing
