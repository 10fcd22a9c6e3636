// `amity import --url` against a server on the loopback: what is asked of it, what is kept, and
// each way in which it can fail.
#include <map>
#include <mutex>
#include <thread>

#include "app/import_test_support.h"
#include "runtime/http_get.h"
#include "runtime/reactor.h"
#include "runtime/tls.h"
#include "runtime/tls_test_support.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;

// Answers of whole octets by path; one request a connection. A path without an answer is left
// waiting.
class Web {
 public:
  explicit Web(const runtime::testing::Identity* identity = nullptr) {
    Runtime runtime = reactor_.runtime();
    if (identity != nullptr) {
      auto context = runtime::TlsContext::server(identity->certificate, identity->key);
      EXPECT_TRUE(context.ok()) << context.error().reason;
      tls_ = runtime::make_tls_network(runtime, *context);
    }
    Network& network = tls_ ? *tls_ : runtime.network;
    auto listener = network.listen({"127.0.0.1", 0}, [this](std::unique_ptr<Stream> stream) {
      visits_.push_back(std::make_unique<Visit>(*this, std::move(stream)));
    });
    EXPECT_TRUE(listener.ok()) << listener.error().reason;
    listener_ = std::move(*listener);
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~Web() {
    reactor_.stop();
    thread_.join();
    visits_.clear();
    listener_.reset();
  }

  void answer(const std::string& path, const std::string& octets) {
    const std::lock_guard lock(mutex_);
    answers_[path] = octets;
  }
  void give(const std::string& path, const std::string& type, const std::string& body) {
    answer(path, "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
  }
  void redirect(const std::string& path, const std::string& to) {
    answer(path, "HTTP/1.1 302 Found\r\nLocation: " + to +
                     "\r\nContent-Length: 5\r\nConnection: close\r\n\r\nmoved");
  }
  std::string url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(listener_->local().port) +
           path;
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  struct Visit : Stream::Handler {
    Visit(Web& web, std::unique_ptr<Stream> from) : web(web), stream(std::move(from)) {
      stream->set_handler(this);
    }
    void on_open() override {}
    void on_bytes(ByteView bytes) override {
      received.append(as_text(bytes));
      if (!received.ends_with("\r\n\r\n")) return;
      const std::lock_guard lock(web.mutex_);
      web.requests_.push_back(received);
      const std::size_t path = received.find(' ') + 1;
      const auto found = web.answers_.find(received.substr(path, received.find(' ', path) - path));
      if (found == web.answers_.end()) return;
      stream->send(Bytes(found->second.begin(), found->second.end()));
      stream->close();
    }
    void on_closed(const Error&) override {}
    Web& web;
    std::unique_ptr<Stream> stream;
    std::string received;
  };

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  std::vector<std::string> requests_;
  runtime::Reactor reactor_;
  std::unique_ptr<Network> tls_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Visit>> visits_;
  std::thread thread_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ImportUrl : public ImportTest {
 protected:
  ImportUrl() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
      ::unsetenv(name);
  }
  const std::string day_ = kHead + nem12_day("20040201", "1.25", 48) + "900\n";
};

TEST_F(ImportUrl, ADocumentIsKeptAndTheSameTwiceChangesNothing) {
  Web web;
  web.give("/meters.csv?key=secret", "text/csv", day_);
  const std::string secrets = file("headers", "# of the billing house\n\nX-Api-Key: k-77\n");
  const std::string token = file("token", "t0ken\n");
  const std::vector<std::string> once = {
      "--add",        "--url", web.url("/meters.csv?key=secret"), "--header-file", secrets,
      "--token-file", token};
  const Outcome first = import(once);
  EXPECT_EQ(first.exit_code, kExitDone) << first.err;
  EXPECT_EQ(first.out, web.url("/meters.csv") +
                           ": 48 values of 1 series; 48 new, 0 known already, 0 corrected; added 1 "
                           "meters, 1 channels; 0 refused, 0 notes\n");
  ASSERT_EQ(web.requests().size(), 1u);
  EXPECT_TRUE(has(web.requests()[0], "GET /meters.csv?key=secret HTTP/1.1\r\n"));
  EXPECT_TRUE(has(web.requests()[0], "\r\nX-Api-Key: k-77\r\n"));
  EXPECT_TRUE(has(web.requests()[0], "\r\nAuthorization: Bearer t0ken\r\n"));
  const std::string before = rows().out;
  const Outcome second = import(once);
  EXPECT_TRUE(has(second.out, "0 new, 48 known already, 0 corrected")) << second.out;
  EXPECT_EQ(rows().out, before);
}

TEST_F(ImportUrl, AGreenButtonFeedOverTls) {
  ASSERT_EQ(import({"--add", file("a.csv", day_)}).exit_code, kExitDone);
  const runtime::testing::Identity identity("localhost");
  Web web(&identity);
  web.give("/espi/1_1/Batch/7", "application/atom+xml", rows({"--format", "espi"}).out);
  const std::string url = web.url("/espi/1_1/Batch/7", "localhost");
  const Outcome trusted = import({"--meter", "MET1", "--url", url, "--ca", identity.certificate});
  EXPECT_EQ(trusted.exit_code, kExitDone) << trusted.err;
  EXPECT_TRUE(has(trusted.out, "48 values of 1 series; 0 new, 48 known already")) << trusted.out;
  const Outcome unknown = import({"--meter", "MET1", "--url", url});
  EXPECT_EQ(unknown.exit_code, kExitFailed);
  EXPECT_TRUE(has(unknown.err, "certificate")) << unknown.err;
  web.redirect("/in/the/clear", "http://127.0.0.1:1/a.csv");
  const Outcome clear =
      import({"--url", web.url("/in/the/clear", "localhost"), "--ca", identity.certificate});
  EXPECT_EQ(clear.exit_code, kExitFailed);
  EXPECT_TRUE(has(clear.err, "it leads from https to http://127.0.0.1:1/a.csv, in the clear"))
      << clear.err;
}

// A redirect is followed, but what was meant for one place is not told to another.
TEST_F(ImportUrl, SecretsStayWithTheirServer) {
  Web first, other;
  first.redirect("/here", "/there");
  first.redirect("/there", other.url("/data"));
  other.give("/data", "text/csv", day_);
  const std::string token = file("token", "t0ken");
  const std::string headers = file("headers", "X-Api-Key: k-77");
  const Outcome got = import(
      {"--add", "--url", first.url("/here"), "--token-file", token, "--header-file", headers});
  EXPECT_EQ(got.exit_code, kExitDone) << got.err;
  EXPECT_TRUE(has(got.out, "48 new")) << got.out;
  ASSERT_EQ(first.requests().size(), 2u);
  EXPECT_TRUE(has(first.requests()[1], "t0ken"));
  EXPECT_TRUE(has(first.requests()[1], "k-77"));
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_FALSE(has(other.requests()[0], "t0ken"));
  EXPECT_FALSE(has(other.requests()[0], "k-77"));
  first.redirect("/round", "/round");
  const Outcome round = import({"--url", first.url("/round"), "--redirects", "3"});
  EXPECT_EQ(round.exit_code, kExitFailed);
  EXPECT_TRUE(has(round.err, "more than 3 redirects")) << round.err;
  EXPECT_EQ(first.requests().size(), 6u);
}

TEST_F(ImportUrl, WhatIsNotAWholeDocumentIsToldAndNothingIsKept) {
  Web web;
  web.answer("/denied?key=secret",
             "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\ntoken expired\nmore");
  web.give("/login", "text/html; charset=utf-8", "<html>sign in</html>");
  web.give("/long", "text/csv", std::string((1 << 20) + 1, 'x'));
  web.answer("/short",
             "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n" + day_);
  web.answer("/garbled", "SSH-2.0-OpenSSH_9.2\r\n");
  web.answer("/endless",
             "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(3 << 20, 'x'));
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{web.url("/denied?key=secret")},
       web.url("/denied") + ": the server answered 401: token expired\n"},
      {{web.url("/login")}, web.url("/login") + ": the server answered with a page for people"},
      {{web.url("/long"), "--max-mib", "1"}, "/long: it is longer than 1048576 octets"},
      {{web.url("/endless"), "--max-mib", "1"}, "/endless: it is longer than 1048576 octets"},
      {{web.url("/short")}, "/short: it broke off: "},
      {{web.url("/garbled")}, "/garbled: "},
      {{web.url("/silent"), "--timeout", "1"}, "/silent: no whole answer in 1 s"},
      {{"http://127.0.0.1:1/x"}, "http://127.0.0.1:1/x: "},
      {{"ftp://127.0.0.1/x"}, "ftp://127.0.0.1/x is neither http:// nor https://"},
      {{"file:///etc/passwd"}, "file:///etc/passwd is neither http:// nor https://"},
      {{"http://me:word@127.0.0.1/x"}, "the URL holds a user or a password"},
      {{"http://"}, " is no URL"}};
  for (const auto& [arguments, told] : cases) {
    std::vector<std::string> all = {"--add", "--url"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome failed = import(all);
    EXPECT_EQ(failed.exit_code, kExitFailed) << arguments[0];
    EXPECT_TRUE(has(failed.err, told)) << failed.err;
    EXPECT_FALSE(has(failed.err, "secret") || has(failed.err, "word@")) << failed.err;
    EXPECT_EQ(failed.out, "") << arguments[0];
  }
  EXPECT_FALSE(has(rows().out, "MET1"));
}

TEST_F(ImportUrl, WhatIsAskedWronglyIsUsage) {
  EXPECT_EQ(import({"--token-file", file("token", "t0ken")}).exit_code, kExitUsage);
  EXPECT_EQ(import({"--url", "http://127.0.0.1:1/", "--token-file", file("two", "a b")}).exit_code,
            kExitUsage);
  EXPECT_EQ(import({"--url", "http://127.0.0.1:1/", "--token-file", folder_ + "/absent"}).exit_code,
            kExitUsage);
  const Outcome header =
      import({"--url", "http://127.0.0.1:1/", "--header-file", file("h", "no colon here\n")});
  EXPECT_TRUE(has(header.err, "a header is not \"Name: value\"")) << header.err;
  EXPECT_FALSE(has(header.err, "no colon here"));
}

TEST(ShownUrl, IsWithoutWhatMayBeSecret) {
  EXPECT_EQ(runtime::shown_url("https://a.b/c?key=1#x"), "https://a.b/c");
  EXPECT_EQ(runtime::shown_url("https://me:word@a.b/c"), "https://a.b/c");
  EXPECT_EQ(runtime::shown_url("https://a.b/c@d"), "https://a.b/c@d");
  EXPECT_EQ(runtime::shown_url("https://a.b?mail=c@d"), "https://a.b");
  EXPECT_EQ(runtime::shown_url("me@a.b"), "a.b");
  EXPECT_EQ(runtime::shown_url(""), "");
}

}  // namespace
}  // namespace amity::app
