// Captures and hexadecimal for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/bytes.h"

namespace amity::c12::testing {

inline Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.ok() ? *bytes : Bytes{};
}

// The published message, and what opens it.
inline constexpr std::string_view kExampleRequest =
    "604fa20580037bc175a60480027b04a803020103ac0fa20da00ba109800102810448f3d061be2a282881268841d10c"
    "da"
    "76206811b36f781489a11997773e117cb07aa3aa40374a7107c50da7f799c5d4e8";
inline constexpr std::string_view kExampleKey = "01020304050607080102030405060708";
inline constexpr std::string_view kExampleBase = "2.16.124.113620.1.22.0";

inline std::filesystem::path captures() {
  return std::filesystem::path(AMITY_SOURCE_DIR) / "../shared/data/frames/c1222";
}

// The TCP and UDP payloads of a capture (pcap, little-endian, Ethernet, IPv4), in order.
inline std::vector<Bytes> payloads(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const Bytes file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<Bytes> out;
  ByteReader reader(file);
  if (!reader.skip(24).ok()) return out;
  for (;;) {
    if (!reader.skip(8).ok()) return out;
    const auto captured = reader.u32_le();
    if (!captured.ok() || !reader.skip(4).ok()) return out;
    const auto frame = reader.take(*captured);
    if (!frame.ok() || frame->size() < 34) return out;
    const ByteView ip = frame->subspan(14);
    const std::size_t header = (ip[0] & 15u) * 4, total = ip[2] * 256u + ip[3];
    if (total > ip.size() || header + 20 > total) continue;
    const ByteView segment = ip.subspan(header, total - header);
    const std::size_t skip = ip[9] == 6 ? (segment[12] >> 4) * 4u : 8;
    if (skip < segment.size()) out.emplace_back(segment.begin() + skip, segment.end());
  }
}

}  // namespace amity::c12::testing
