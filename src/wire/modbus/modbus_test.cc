#include <gtest/gtest.h>

#include "wire/modbus/register_map.h"

namespace amity::modbus {
namespace {

TEST(Modbus, PublishedFrames) {
  EXPECT_EQ(crc16_modbus(as_bytes("123456789")), 0x4B37);
  // The protocol's own example: holding registers 107 to 109 are 555, 0 and 100.
  Bytes pdu;
  ASSERT_TRUE(encode_request({Function::kReadHolding, 107, 3, {}}, pdu).ok());
  EXPECT_EQ(to_hex(pdu), "03006B0003");
  const auto response = decode_response(from_hex("0306022B00000064").value());
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->values, (std::vector<std::uint16_t>{555, 0, 100}));
  pdu.clear();
  ASSERT_TRUE(encode_request({Function::kWriteMultiple, 1, 1, {10, 258}}, pdu).ok());
  EXPECT_EQ(to_hex(pdu), "100001000204000A0102");
}

TEST(Modbus, FramesOfBothTransportsInPieces) {
  Bytes pdu;
  ASSERT_TRUE(encode_request({Function::kWriteMultiple, 1, 1, {10, 258}}, pdu).ok());
  for (const Transport transport : {Transport::kRtu, Transport::kTcp}) {
    Bytes bytes;
    encode_frame(transport, {7, 17, pdu}, bytes);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const auto part = find_frame(transport, Sender::kClient, ByteView(bytes).first(cut));
      ASSERT_TRUE(part.ok()) << cut;
      EXPECT_FALSE(part->has_value()) << cut;
    }
    const auto whole = find_frame(transport, Sender::kClient, bytes);
    ASSERT_TRUE(whole.ok() && whole->has_value());
    EXPECT_EQ((*whole)->frame.unit, 17);
    EXPECT_EQ(to_hex((*whole)->frame.pdu), to_hex(pdu));
    EXPECT_EQ((*whole)->size, bytes.size());
  }
  Bytes rtu;
  encode_frame(Transport::kRtu, {0, 17, pdu}, rtu);
  for (std::size_t bit = 0; bit < rtu.size() * 8; ++bit) {
    Bytes changed = rtu;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const auto found = find_frame(Transport::kRtu, Sender::kClient, changed);
    EXPECT_FALSE(found.ok() && found->has_value()) << "bit " << bit;
  }
}

TEST(Modbus, WhatAnswersAnotherQuestionIsRefused) {
  const Request request{Function::kReadInput, 10, 2, {}};
  EXPECT_TRUE(check_response(request, {4, Exception::kNone, {1, 2}, 0, 0}).ok());
  EXPECT_FALSE(check_response(request, {4, Exception::kNone, {1}, 0, 0}).ok());
  EXPECT_FALSE(check_response(request, {3, Exception::kNone, {1, 2}, 0, 0}).ok());
  const Status refused = check_response(request, {4, Exception::kIllegalAddress, {}, 0, 0});
  EXPECT_EQ(to_string(refused.error()), "refused: exception 2: illegal data address");
  Bytes pdu;
  EXPECT_FALSE(encode_request({Function::kReadInput, 0, 126, {}}, pdu).ok());
  EXPECT_FALSE(encode_request({Function::kWriteMultiple, 0, 1, {}}, pdu).ok());
}

RegisterMap meter() {
  return {
      {Function::kReadInput, 0, NumberType::kFloat32, false, 0, "voltage L1", "V", "instantaneous",
       0},
      {Function::kReadInput, 2, NumberType::kS16, false, 1, "active power net", "W",
       "instantaneous", 0},
      {Function::kReadInput, 5, NumberType::kU32, true, -2, "active energy import", "Wh", "total",
       1},
      {Function::kReadHolding, 5, NumberType::kU64, false, 0, "active energy export", "Wh", "total",
       0},
      {Function::kReadHolding, 500, NumberType::kFloat64, true, 3, "active energy import", "Wh",
       "total", 0},
  };
}

TEST(Modbus, AMapPlansItsReadsAndBecomesReadings) {
  ASSERT_TRUE(validate(meter()).ok());
  const auto separate = plan_reads(meter()), joined = plan_reads(meter(), 2);
  EXPECT_EQ(separate.size(), 4u);
  ASSERT_EQ(joined.size(), 3u);
  EXPECT_EQ(joined[2].function, Function::kReadInput);
  EXPECT_EQ(joined[2].count, 7);

  const Decimal values[] = {{2'305, -1}, {-120, 0}, {1'234'567, -2}, {INT64_MAX, 0}, {98'765, 0}};
  RegisterImage image;
  for (std::size_t i = 0; i < std::size(values); ++i) {
    const MapEntry entry = meter()[i];
    const auto words = encode_value(entry, values[i]);
    ASSERT_TRUE(words.ok()) << i;
    image.put({entry.function, entry.address, 0, {}}, *words);
  }
  EXPECT_EQ(image.get(Function::kReadInput, 5), 0xD687) << "low word first";
  EXPECT_EQ(image.get(Function::kReadInput, 0), 0x4366) << "230.5 as a float";
  wire::Report report;
  append_readings(meter(), image, report);
  ASSERT_EQ(report.readings.size(), 5u);
  EXPECT_EQ(std::get<double>(report.readings[0].value), 230.5);
  EXPECT_EQ(std::get<Decimal>(report.readings[1].value), (Decimal{-12, 1}));
  EXPECT_EQ(std::get<Decimal>(report.readings[2].value), (Decimal{1'234'567, -2}));
  EXPECT_EQ(std::get<Decimal>(report.readings[3].value), (Decimal{INT64_MAX, 0}));
  EXPECT_DOUBLE_EQ(std::get<double>(report.readings[4].value), 98'765.0);
  EXPECT_EQ(report.readings[2].id, "4:5");

  EXPECT_FALSE(encode_value(meter()[1], {400'000, 0}).ok()) << "40,000 tens do not fit";
  RegisterImage part;
  part.put({Function::kReadInput, 0, 0, {}}, {1, 2});
  report.clear();
  append_readings(meter(), part, report);
  EXPECT_EQ(report.readings.size(), 1u);
  EXPECT_EQ(report.details.size(), 4u);
  EXPECT_FALSE(number_type_from("u24").ok());
  EXPECT_EQ(number_type_from("float64").value(), NumberType::kFloat64);
}

}  // namespace
}  // namespace amity::modbus
