#include "wire/hdlc/frame.h"

#include "wire/hdlc/parameters.h"

namespace amity::hdlc {
namespace {

// "dst 1/17 src 16 I r=2 s=1 P info 0102" in one line, for golden comparison.
std::string describe(const Frame& frame) {
  std::string text =
      "dst " + to_string(frame.destination) + " src " + to_string(frame.source) + " ";
  text += to_string(frame.control.type);
  if (frame.control.type == FrameType::kInformation)
    text += " s=" + std::to_string(frame.control.send);
  if (frame.control.type == FrameType::kInformation ||
      frame.control.type == FrameType::kReceiveReady ||
      frame.control.type == FrameType::kReceiveNotReady) {
    text += " r=" + std::to_string(frame.control.receive);
  }
  if (frame.control.poll_final) text += " P";
  if (frame.segmented) text += " segmented";
  if (!frame.information.empty()) text += " info " + to_hex(frame.information);
  return text;
}

Result<Frame> decode_flagged(const Bytes& bytes) {
  return decode_frame(ByteView(bytes).subspan(1, bytes.size() - 2));
}

TEST(HdlcFrame, aidon_push_of_active_power) {
  const Bytes bytes = *from_hex(
      "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e");
  const Result<Frame> frame = decode_flagged(bytes);
  ASSERT_TRUE(frame.ok()) << to_string(frame.error());
  EXPECT_EQ(
      describe(*frame),
      "dst 32 src 4/65 UI P info E6E7000F40000000000101020309060100010700FF0600001D3A02020F00161B");
  EXPECT_EQ(to_hex(*strip_llc(frame->information)),
            "0F40000000000101020309060100010700FF0600001D3A02020F00161B");
}

TEST(HdlcFrame, kaifa_push_with_segment_addresses_of_two_bytes) {
  const Bytes bytes = *from_hex(
      "7EA079010201108093E6E7000F40000000090C07E1090F05052128FF800000020D09074B464D5F30303109103639"
      "3730363331343031373533"
      "39383509084D4133303448334506000003B406000000000600000000060000004006000005880600000CA9060000"
      "0C2F0600000951060000"
      "00000600000955115C7E");
  const Result<Frame> frame = decode_flagged(bytes);
  ASSERT_TRUE(frame.ok()) << to_string(frame.error());
  EXPECT_EQ(to_string(frame->destination), "0");
  EXPECT_EQ(to_string(frame->source), "1/0");
  EXPECT_EQ(frame->information.size(), 0x79u - 2 - 1 - 2 - 1 - 2 - 2);
}

TEST(HdlcFrame, control_fields) {
  struct Row {
    std::uint8_t byte;
    Control control;
  };
  const Row rows[] = {
      {0x93, {FrameType::kSetNormalResponseMode, true, 0, 0}},
      {0x73, {FrameType::kUnnumberedAcknowledge, true, 0, 0}},
      {0x53, {FrameType::kDisconnect, true, 0, 0}},
      {0x1F, {FrameType::kDisconnectedMode, true, 0, 0}},
      {0x97, {FrameType::kFrameReject, true, 0, 0}},
      {0x03, {FrameType::kUnnumberedInformation, false, 0, 0}},
      {0x13, {FrameType::kUnnumberedInformation, true, 0, 0}},
      {0x10, {FrameType::kInformation, true, 0, 0}},
      {0x32, {FrameType::kInformation, true, 1, 1}},
      {0xEE, {FrameType::kInformation, false, 7, 7}},
      {0x51, {FrameType::kReceiveReady, true, 2, 0}},
      {0x75, {FrameType::kReceiveNotReady, true, 3, 0}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(encode_control(row.control), row.byte);
    ASSERT_TRUE(decode_control(row.byte).ok());
    EXPECT_EQ(*decode_control(row.byte), row.control);
  }
  EXPECT_FALSE(decode_control(0x99).ok());  // REJ is none of DLMS
}

TEST(HdlcFrame, snrm_and_ua_as_meters_send_them) {
  Bytes snrm;
  encode_frame(
      {{1, 0, 1}, Address::client(16), {FrameType::kSetNormalResponseMode, true, 0, 0}, false, {}},
      snrm);
  EXPECT_EQ(to_hex(snrm), "7EA0070321930F017E");

  const Bytes ua = *from_hex("7EA01E210373C37A81801205018006018007040000000108040000000153 3B7E");
  const Result<Frame> frame = decode_flagged(ua);
  ASSERT_TRUE(frame.ok()) << to_string(frame.error());
  const Result<LinkParameters> parameters = decode_parameters(frame->information);
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(*parameters, LinkParameters{});
}

TEST(HdlcFrame, addresses_of_every_size_survive) {
  for (const Address& address :
       {Address{16, 0, 1}, Address{1, 17, 2}, Address{1, 0x3FFF, 4}, Address{0x3FFE, 300, 4}}) {
    Bytes bytes;
    const Bytes payload{1, 2, 3};
    encode_frame(
        {address, Address::client(1), {FrameType::kInformation, true, 1, 2}, true, payload}, bytes);
    const Result<Frame> frame = decode_flagged(bytes);
    ASSERT_TRUE(frame.ok()) << to_string(frame.error());
    EXPECT_EQ(frame->destination, address);
    EXPECT_TRUE(frame->segmented);
    EXPECT_EQ(to_hex(frame->information), "010203");
  }
}

TEST(HdlcFrame, every_flipped_bit_is_noticed) {
  Bytes bytes;
  const Bytes payload = *from_hex("E6E600C001C100080000010000FF0200");
  encode_frame(
      {{1, 17, 2}, Address::client(16), {FrameType::kInformation, true, 0, 0}, false, payload},
      bytes);
  for (std::size_t bit = 8; bit < (bytes.size() - 1) * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(decode_flagged(damaged).ok()) << "bit " << bit;
  }
}

TEST(HdlcFrame, what_is_wrong_is_said) {
  const auto why = [](const char* hex) { return to_string(decode_frame(*from_hex(hex)).error()); };
  EXPECT_EQ(why("A0070321930F02"), "malformed at byte 5: FCS is 020F, computed 010F");
  EXPECT_EQ(why("B0070321930F01"), "malformed: format field B007 is not of type 3");
  EXPECT_EQ(why("A0080321930F01"), "truncated at byte 2: 6 bytes wanted, 5 left");
  EXPECT_EQ(why("A00702020202020F01"), "malformed at byte 7: 2 bytes follow the frame");
}

TEST(HdlcParameters, negotiation_takes_the_smaller_in_each_direction) {
  const LinkParameters ours{1024, 512, 4, 3};
  const LinkParameters peers{256, 700, 7, 2};  // the peer transmits 256, receives 700
  EXPECT_EQ(negotiate(ours, peers), (LinkParameters{700, 256, 2, 3}));
}

TEST(HdlcParameters, encoded_and_read_back) {
  const LinkParameters parameters{1024, 200, 3, 5};
  Bytes bytes;
  encode_parameters(parameters, bytes);
  EXPECT_EQ(to_hex(bytes),
            "81801305020400"
            "0601C8"
            "070400000003"
            "080400000005");
  EXPECT_EQ(*decode_parameters(bytes), parameters);
  EXPECT_EQ(*decode_parameters({}), LinkParameters{});
}

TEST(HdlcParameters, lies_are_refused) {
  EXPECT_FALSE(decode_parameters(*from_hex("8180140502")).ok());    // shorter than it says
  EXPECT_FALSE(decode_parameters(*from_hex("818003050100")).ok());  // no room for a single byte
  EXPECT_FALSE(decode_parameters(*from_hex("81800607040000 0000")).ok());  // a window of nothing
  EXPECT_EQ(decode_parameters(*from_hex("818006"
                                        "0704FFFFFFFF"))
                ->transmit_window,
            kWindowMax);
}

}  // namespace
}  // namespace amity::hdlc
