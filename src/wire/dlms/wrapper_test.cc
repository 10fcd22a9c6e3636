#include "wire/dlms/wrapper.h"

#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

TEST(Wrapper, FrameRoundTrip) {
  const Bytes apdu = "C001C100080000010000FF0200"_hex;
  Bytes frame;
  ASSERT_TRUE(encode(WrapperFrame{16, 1, apdu}, frame).ok());
  EXPECT_EQ(to_hex(frame), "000100100001000DC001C100080000010000FF0200");
  const auto decoded = decode_wrapper(frame);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->source, 16);
  EXPECT_EQ(decoded->destination, 1);
  EXPECT_EQ(to_hex(decoded->apdu), to_hex(apdu));
  Bytes out;
  EXPECT_EQ(encode(WrapperFrame{1, 1, Bytes(65'536)}, out).error().code, ErrorCode::kLimit);
}

TEST(Wrapper, StreamIsSplitWhateverTheChunks) {
  const Bytes stream = "0001 0010 0001 0002 AABB  0001 0010 0001 0000  0001 0001 0010 0001 CC"_hex;
  for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    WrapperSplitter splitter;
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += chunk) {
      splitter.feed(ByteView(stream).subspan(at, std::min(chunk, stream.size() - at)));
      for (auto frame = splitter.next(); frame.ok() && *frame; frame = splitter.next()) {
        got += std::to_string((*frame)->source) + ">" + std::to_string((*frame)->destination) +
               ":" + to_hex((*frame)->apdu) + " ";
      }
    }
    EXPECT_EQ(got, "16>1:AABB 16>1: 1>16:CC ") << "chunks of " << chunk;
    EXPECT_FALSE(splitter.in_frame());
  }
}

TEST(Wrapper, StrangersAndLengthLiesAreRefused) {
  WrapperSplitter http;
  http.feed(as_bytes("GE"));
  EXPECT_EQ(http.next().error().code, ErrorCode::kMalformed);
  WrapperSplitter limited(1024);
  limited.feed("0001 0010 0001 0401"_hex);
  EXPECT_EQ(limited.next().error().code, ErrorCode::kLimit);
  EXPECT_FALSE(decode_wrapper("0001 0010 0001 0003 AABB"_hex).ok());
  EXPECT_FALSE(decode_wrapper("0001 0010 0001 0001 AABB"_hex).ok());
}

TEST(Gateway, PrefixRoundTrip) {
  const Bytes bytes = "E6 07 04 31323334 C0"_hex;
  ASSERT_TRUE(has_gateway_prefix(bytes));
  ByteReader in(bytes);
  const auto prefix = read_gateway_prefix(in);
  ASSERT_TRUE(prefix.ok());
  EXPECT_FALSE(prefix->from_device);
  EXPECT_EQ(prefix->network_id, 7);
  EXPECT_EQ(as_text(prefix->device_address), "1234");
  EXPECT_EQ(to_hex(in.rest()), "C0");
  Bytes out;
  ASSERT_TRUE(encode(*prefix, out).ok());
  EXPECT_EQ(to_hex(out), "E6070431323334");
  EXPECT_FALSE(has_gateway_prefix("C4"_hex));
}

}  // namespace
}  // namespace amity::dlms
