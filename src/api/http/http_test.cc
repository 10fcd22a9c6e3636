#include <gtest/gtest.h>

#include "api/http/limits.h"
#include "api/http/parser.h"
#include "api/http/response.h"
#include "api/http/router.h"

namespace amity::api {
namespace {

Request parse(std::string_view text) {
  RequestParser parser;
  EXPECT_EQ(parser.feed(as_bytes(text)), text.size());
  EXPECT_TRUE(parser.done()) << (parser.error() ? parser.error()->detail : "more is wanted");
  return parser.request();
}

int refusal(std::string_view text) {
  RequestParser parser;
  parser.feed(as_bytes(text));
  return parser.error() ? parser.error()->status : 0;
}

TEST(Parser, TakesARequestApart) {
  const Request r = parse(
      "GET /api/v1/devices/a%2Fb?q=main%20st+5&limit=10&flag HTTP/1.1\r\nHost: localhost\r\n"
      "Cookie: x=1; amity_session=token\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
  EXPECT_EQ(r.method, Method::kGet);
  EXPECT_EQ(r.uri.segments, (std::vector<std::string>{"api", "v1", "devices", "a/b"}));
  EXPECT_EQ(r.uri.parameter("q"), "main st 5");
  EXPECT_EQ(r.uri.parameter("limit"), "10");
  EXPECT_TRUE(r.uri.has("flag"));
  EXPECT_EQ(r.uri.parameter("absent"), "");
  EXPECT_EQ(r.cookie("amity_session"), "token");
  EXPECT_EQ(r.cookie("session"), "");
  EXPECT_TRUE(r.accepts_gzip());
  EXPECT_TRUE(r.keep_alive);
}

TEST(Parser, BodiesByLengthAndByChunks) {
  EXPECT_EQ(parse("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").body, "hello");
  EXPECT_EQ(parse("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
                .body,
            "hello");
}

TEST(Parser, StopsAfterOneRequestAndResumesByteByByte) {
  const std::string first = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
  const std::string both = first + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
  RequestParser parser;
  EXPECT_EQ(parser.feed(as_bytes(both)), first.size());
  EXPECT_TRUE(parser.done());
  parser.reset();
  Bytes pending;
  for (const char c : first) {
    EXPECT_FALSE(parser.done());
    pending.push_back(static_cast<std::uint8_t>(c));
    const std::size_t used = parser.feed(pending);
    pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used));
  }
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.request().body, "ok");
}

TEST(Parser, ALastChunkInPieces) {
  const std::string head = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
  for (const std::string& chunks : {body, std::string("0\r\n\r\n")}) {
    for (std::size_t piece = 1; piece <= chunks.size(); ++piece) {
      RequestParser parser;
      EXPECT_EQ(parser.feed(as_bytes(head)), head.size());
      Bytes pending;
      for (std::size_t at = 0; at < chunks.size(); at += piece) {
        EXPECT_FALSE(parser.done());
        append(pending, as_bytes(std::string_view(chunks).substr(at, piece)));
        const std::size_t used = parser.feed(pending);
        pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used));
      }
      EXPECT_TRUE(parser.done()) << piece << " bytes at a time";
      EXPECT_EQ(parser.request().body, chunks == body ? "hello" : "");
    }
  }
}

// Whatever the network cuts: a line with an extension whose quotes do not end is refused, in one
// piece and in two.
TEST(Parser, AChunkLineThatIsNoneWhereverItIsCut) {
  const std::string text =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10 ;a=\"b\r\nExpect: 1;";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    RequestParser parser;
    Bytes pending;
    for (const std::string& piece : {text.substr(0, cut), text.substr(cut)}) {
      append(pending, as_bytes(piece));
      pending.erase(pending.begin(),
                    pending.begin() + static_cast<std::ptrdiff_t>(parser.feed(pending)));
    }
    ASSERT_NE(parser.error(), nullptr) << "cut at " << cut;
    EXPECT_EQ(parser.error()->status, 400);
  }
}

TEST(Parser, AChunkLineWithoutEnd) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(refusal(head + "1;" + std::string(kHeaderBytesMax, 'a')), 400);
  EXPECT_EQ(refusal(head + "0\r\nX: " + std::string(kHeaderBytesMax, 'a')), 400);
}

TEST(Parser, RefusesWithTheRightStatus) {
  EXPECT_EQ(refusal("NONSENSE\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400) << "two Hosts";
  EXPECT_EQ(refusal("GET /%0d HTTP/1.1\r\nHost: a\r\n\r\n"), 400) << "an escaped line end";
  EXPECT_EQ(refusal("GET /" + std::string(kTargetBytesMax, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            414);
  EXPECT_EQ(
      refusal("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(kHeaderBytesMax, 'a') + "\r\n\r\n"),
      431);
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n"), 413);
  EXPECT_EQ(
      refusal(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400)
      << "two lengths: request smuggling";
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
            400);
  EXPECT_EQ(refusal("GET / HTTP/3.7\r\nHost: a\r\n\r\n"), 505);
}

TEST(Parser, ChunkedBodyBeyondTheLimit) {
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) text += "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  EXPECT_EQ(refusal(text), 413);
}

TEST(Parser, ExpectContinue) {
  RequestParser parser;
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  parser.feed(as_bytes(head));
  EXPECT_TRUE(parser.wants_continue());
  parser.feed(as_bytes("ok"));
  EXPECT_FALSE(parser.wants_continue());
  EXPECT_TRUE(parser.done());
}

TEST(Router, FindsPathsMethodsAndParameters) {
  Router router;
  router.add(Method::kGet, "/", 1);
  router.add(Method::kGet, "/api/v1/devices/{id}", 2);
  router.add(Method::kPost, "/api/v1/devices/{id}/commands", 3);
  router.add(Method::kDelete, "/api/v1/devices/{id}", 4);
  const auto match = [&](Method method, std::string_view path, auto&& check) {
    const Target target = *parse_target(path);
    check(router.match(method, target));
  };
  match(Method::kHead, "/", [](const RouteMatch& m) { EXPECT_EQ(m.route, 1); });
  match(Method::kGet, "/api/v1/devices/42?x=1", [](const RouteMatch& m) {
    EXPECT_EQ(m.route, 2);
    EXPECT_EQ(m.parameters.at(0), "42");
  });
  match(Method::kPut, "/api/v1/devices/42", [](const RouteMatch& m) {
    EXPECT_EQ(m.outcome, RouteMatch::Outcome::kNoMethod);
    EXPECT_EQ(m.allow, "GET, DELETE");
  });
  match(Method::kGet, "/api/v1/devices/",
        [](const RouteMatch& m) { EXPECT_EQ(m.outcome, RouteMatch::Outcome::kNoPath); });
  match(Method::kGet, "/api/v1/../v1/devices/1",
        [](const RouteMatch& m) { EXPECT_EQ(m.outcome, RouteMatch::Outcome::kNoPath); });
}

TEST(Base64Url, RoundTripAndRefusals) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xFF\xFE\xFD"}) {
    EXPECT_EQ(*from_base64url(base64url(text)), text);
  }
  EXPECT_EQ(base64url("\xFB\xFF"), "-_8");
  EXPECT_FALSE(from_base64url("a").ok());
  EXPECT_FALSE(from_base64url("-_9").ok()) << "bits left over";
  EXPECT_FALSE(from_base64url("a+b/").ok());
}

TEST(Response, HeadGolden) {
  Response r(201, "text/plain", "hello");
  r.headers.emplace_back("X-Evil", "a\r\nSet-Cookie: b");
  Bytes out;
  write_head(r, Framing::kLength, false, http_date(1'795'224'657), out);
  EXPECT_EQ(
      as_text(out),
      "HTTP/1.1 201 Created\r\nDate: Sat, 21 Nov 2026 01:30:57 GMT\r\nContent-Type: text/plain\r\n"
      "Content-Length: 5\r\nConnection: close\r\nX-Evil: aSet-Cookie: b\r\nCache-Control: "
      "no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\nContent-Security-Policy: default-src 'self'; "
      "frame-ancestors 'none'; base-uri 'none'; form-action 'self'\r\n\r\n");
}

TEST(Response, ProblemIsRfc9457) {
  EXPECT_EQ(problem(404, "no device \"7\"", "/api/v1/devices/7").body,
            R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no device \"7\"",)"
            R"("instance":"/api/v1/devices/7"})");
}

}  // namespace
}  // namespace amity::api
