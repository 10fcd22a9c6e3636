#include "wire/c12/message.h"

#include "wire/c12/service.h"
#include "wire/c12/test_bytes.h"

namespace amity::c12 {
namespace {

using testing::hex;

Keys example_keys() {
  Keys keys;
  keys.set_base(*ap_title_from(testing::kExampleBase));
  EXPECT_TRUE(keys.add(2, hex(testing::kExampleKey)).ok());
  return keys;
}

TEST(Message, PublishedMessageDecrypts) {
  const Bytes apdu = hex(testing::kExampleRequest);
  const auto envelope = parse_envelope(apdu);
  ASSERT_TRUE(envelope.ok()) << to_string(envelope.error());
  const Header& h = envelope->header;
  EXPECT_EQ(to_string(h.called), ".123.8437");
  EXPECT_EQ(to_string(h.calling), ".123.4");
  EXPECT_EQ(to_string(*absolute(h.called, *ap_title_from(testing::kExampleBase))),
            "2.16.124.113620.1.22.0.123.8437");
  EXPECT_EQ(h.calling_invocation, 3u);
  EXPECT_EQ(h.authentication->key_id, 2);
  EXPECT_EQ(h.control.security, SecurityMode::kEncrypted);

  const Keys keys = example_keys();
  Bytes content;
  const Status opened = open(*envelope, keys, content);
  ASSERT_TRUE(opened.ok()) << to_string(opened.error());
  const auto epsem = parse_epsem(content, false);
  ASSERT_TRUE(epsem.ok()) << to_string(epsem.error());
  ASSERT_EQ(epsem->services.size(), 2u);
  const auto security = parse_request(epsem->services[0].bytes);
  ASSERT_TRUE(security.ok()) << to_string(security.error());
  EXPECT_EQ(as_text(std::get<Security>(*security).password), "PASSWORD            ");
  EXPECT_EQ(std::get<Security>(*security).user_id, 2);
  const auto read = parse_request(epsem->services[1].bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(std::get<Read>(*read).table, 1);
  EXPECT_EQ(std::get<Read::Offset>(std::get<Read>(*read).part).offset, 16u);

  Bytes again;
  ASSERT_TRUE(seal(h, content, keys, again).ok());
  EXPECT_EQ(to_hex(again), to_hex(apdu));
}

TEST(Message, EveryModeThereAndBack) {
  const Keys keys = example_keys();
  Bytes payload;
  Bytes service;
  encode(Request(Read{23, {}, false}), service);
  put_service(service, payload);
  put_service(Bytes(200, 0x52), payload);  // a long length
  for (const SecurityMode mode :
       {SecurityMode::kCleartext, SecurityMode::kAuthenticated, SecurityMode::kEncrypted}) {
    Header header;
    header.called = *ap_title_from(".123.8437");
    header.calling = *ap_title_from("1.3.6.1.4.1.33507");
    header.calling_invocation = 0x8000'0001;
    header.called_invocation = 7;
    header.control.security = mode;
    header.authentication = Authentication{2, {1, 2, 3, 4}};
    Bytes apdu;
    ASSERT_TRUE(seal(header, payload, keys, apdu).ok());
    EXPECT_EQ(*apdu_size(apdu), apdu.size());
    const auto envelope = parse_envelope(apdu);
    ASSERT_TRUE(envelope.ok()) << to_string(envelope.error());
    EXPECT_EQ(envelope->header.calling_invocation, 0x8000'0001u);
    EXPECT_EQ(envelope->header.called_invocation, 7u);
    EXPECT_EQ(envelope->header.called, header.called);
    Bytes content;
    ASSERT_TRUE(open(*envelope, keys, content).ok());
    EXPECT_EQ(content, payload);
  }
}

// A message that an independent dissector (tshark 4.0) found rightly authenticated.
TEST(Message, AuthenticatedInTheClear) {
  const Keys keys = example_keys();
  Bytes apdu =
      hex("6037A20580037BC175A60480027B04A803020103AC0FA20DA00BA109800102810448F3D061BE122810810E84"
          "083F00"
          "40000003020022CD7767");
  const auto envelope = parse_envelope(apdu);
  ASSERT_TRUE(envelope.ok()) << to_string(envelope.error());
  Bytes content;
  ASSERT_TRUE(open(*envelope, keys, content).ok());
  EXPECT_EQ(to_hex(content), "083F00400000030200");
  apdu[apdu.size() - 6] ^= 1;  // the count that is asked for
  Bytes changed;
  EXPECT_EQ(open(*parse_envelope(apdu), keys, changed).error().code, ErrorCode::kSecurity);
  EXPECT_TRUE(changed.empty());
}

TEST(Message, CutAndFlippedMessagesAreRefused) {
  const Keys keys = example_keys();
  const Bytes apdu = hex(testing::kExampleRequest);
  for (std::size_t size = 0; size < apdu.size(); ++size) {
    EXPECT_FALSE(parse_envelope(ByteView(apdu).first(size)).ok()) << size;
  }
  for (std::size_t bit = 0; bit < apdu.size() * 8; ++bit) {
    Bytes bad = apdu;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const auto envelope = parse_envelope(bad);
    if (!envelope.ok()) {
      EXPECT_LE(envelope.error().offset, bad.size());
      continue;
    }
    if (envelope->header.control.security == SecurityMode::kCleartext) continue;  // says so itself
    Bytes content;
    const Status opened = open(*envelope, keys, content);
    EXPECT_FALSE(opened.ok()) << "bit " << bit;
    EXPECT_TRUE(content.empty());
  }
}

TEST(Message, MissingKeyIsNamed) {
  Keys keys;
  keys.set_base(*ap_title_from(testing::kExampleBase));
  const Bytes apdu = hex(testing::kExampleRequest);
  Bytes content;
  const Status opened = open(*parse_envelope(apdu), keys, content);
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(opened.error().reason, "no key with id 2");
}

TEST(ApTitle, TextThereAndBack) {
  for (const char* text : {"1.3.6.1.4.1.33507.1919.12345678.0", ".123.8437",
                           "2.16.124.113620.1.22.0", "2.999", "0.0", ".0"}) {
    const auto title = ap_title_from(text);
    ASSERT_TRUE(title.ok()) << text;
    EXPECT_EQ(to_string(*title), text);
  }
  for (const char* text :
       {"", ".", "1", "3.1", "1.40", "1.2.", "1..2", "a.b", "1.2.x", "1.2.99999999999999999999"}) {
    EXPECT_FALSE(ap_title_from(text).ok()) << text;
  }
  const ApTitle base = *ap_title_from("1.3.6"), whole = *ap_title_from("1.3.6.7");
  EXPECT_EQ(to_string(relative(whole, base)), ".7");
  EXPECT_EQ(*absolute(relative(whole, base), base), whole);
  EXPECT_EQ(relative(base, whole), base);
}

TEST(Service, ResponsesOfTheCaptures) {
  const auto identity = parse_identity(
      hex("030100 04 06082b06010401828563 05 08 06 06082b06010401828563 07 0b 0100010203"
          "0a040d050607 00"));
  ASSERT_TRUE(identity.ok()) << to_string(identity.error());
  EXPECT_EQ(standard_name(identity->standard), "C12.22");
  EXPECT_EQ(to_string(*identity->security_mechanism), "1.3.6.1.4.1.33507");
  EXPECT_EQ(identity->session_control, 8);
  EXPECT_EQ(to_hex(identity->identification), "01000102030A040D050607");
  Bytes again;
  encode(*identity, again);
  EXPECT_EQ(to_hex(again),
            "000301000406082B0601040182856305080606082B06010401828563070B01000102030A040D05060700");
}

TEST(Service, EveryRequestThereAndBack) {
  const Bytes data = hex("0102030405"), address = hex("0A000001");
  const ApTitle title = *ap_title_from(".1.2.3");
  const std::vector<Request> requests = {
      Identify{},
      Terminate{},
      Disconnect{},
      Logoff{},
      Read{23, {}, false},
      Read{64, Read::Offset{0x012345, 512}, false},
      Read{23, Read::Index{{1, 2}, 3}, false},
      Read{0, {}, true},
      Write{7, {}, {}, false, data},
      Write{7, 3u, {}, false, data},
      Write{7, {}, {4, 5}, false, data},
      Write{0, {}, {}, true, data},
      Logon{4660, {}, 60},
      Logon{2, {}, {}},
      Security{{}, {}},
      Security{{}, 2},
      Negotiate{1024, 128, {6, 8}},
      Wait{30},
      Authenticate{data},
      TimingSetup{6, 50, 2, 3},
      Resolve{title},
      Trace{title},
      Deregister{title},
      Register{1, 2, {3, 4, 5, 6}, title, *ap_title_from("1.2.3"), address, 1440}};
  for (const Request& request : requests) {
    Bytes first, second;
    encode(request, first);
    const auto parsed = parse_request(first);
    ASSERT_TRUE(parsed.ok()) << to_hex(first) << ": " << to_string(parsed.error());
    EXPECT_EQ(parsed->index(), request.index());
    encode(*parsed, second);
    EXPECT_EQ(to_hex(first), to_hex(second));
    EXPECT_FALSE(service_name(first[0]).empty());
    for (std::size_t size = 0; size < first.size(); ++size) {
      const auto cut = parse_request(ByteView(first).first(size));
      if (!cut.ok()) {
        EXPECT_LE(cut.error().offset, size);
      }
    }
  }
  EXPECT_EQ(to_hex([] {
              Bytes out;
              encode(Request(Wait{30}), out);
              return out;
            }()),
            "701E");
}

}  // namespace
}  // namespace amity::c12
