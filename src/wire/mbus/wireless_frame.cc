#include "wire/mbus/wireless_frame.h"

#include "base/crc.h"

namespace amity::mbus {
namespace {

constexpr std::size_t kCrcBytes = 2;
constexpr std::size_t kLengthMin = 9;  // C, M, A: nothing but an address

std::size_t blocks_a(std::size_t stripped_size) {
  const std::size_t data = stripped_size - kWirelessHeadBytes;
  return 1 + (data + kBlockABytes - 1) / kBlockABytes;
}

bool crc_fits(ByteView block_with_crc) {
  const std::size_t size = block_with_crc.size() - kCrcBytes;
  const std::uint16_t crc = crc16_en13757(block_with_crc.first(size));
  return block_with_crc[size] == crc >> 8 && block_with_crc[size + 1] == (crc & 0xFF);
}

Error crc_error(std::size_t block, std::size_t offset) {
  return make_error(ErrorCode::kMalformed,
                    "the CRC of block " + std::to_string(block) + " is wrong", offset);
}

Status strip_a(ByteView frame, std::size_t stripped_size, Bytes& out) {
  out.clear();
  std::size_t at = 0;
  for (std::size_t block = 1; out.size() < stripped_size; ++block) {
    const std::size_t left = stripped_size - out.size();
    const std::size_t most = block == 1 ? kWirelessHeadBytes : kBlockABytes;
    const std::size_t size = left < most ? left : most;
    if (!crc_fits(frame.subspan(at, size + kCrcBytes))) return crc_error(block, at + size);
    append(out, frame.subspan(at, size));
    at += size + kCrcBytes;
  }
  return {};
}

// The CRC at the end (of the second part, where there are two) fits.
bool is_format_b(ByteView frame) {
  if (frame.size() < kWirelessHeadBytes + 1 + kCrcBytes) return false;
  const std::size_t first = kFirstPartBBytes + kCrcBytes;
  if (frame.size() <= first) return crc_fits(frame);
  return frame.size() > first + kCrcBytes && crc_fits(frame.first(first)) &&
         crc_fits(frame.subspan(first));
}

void strip_b(ByteView frame, Bytes& out) {
  const std::size_t first = kFirstPartBBytes + kCrcBytes;
  out.clear();
  if (frame.size() <= first) {
    append(out, frame.first(frame.size() - kCrcBytes));
    return;
  }
  append(out, frame.first(kFirstPartBBytes));
  append(out, frame.subspan(first, frame.size() - first - kCrcBytes));
}

}  // namespace

Result<WirelessFrame> wireless_frame_from(ByteView frame, Bytes& scratch) {
  if (frame.empty()) return make_error(ErrorCode::kTruncated, "no bytes");
  const std::size_t size = frame[0] + std::size_t{1};
  if (frame[0] < kLengthMin) {
    return make_error(ErrorCode::kMalformed,
                      "the L-field is " + std::to_string(frame[0]) + ", at least 9 are needed");
  }
  if (frame.size() < size) {
    return make_error(ErrorCode::kTruncated,
                      "the L-field counts " + std::to_string(frame[0]) + " bytes, " +
                          std::to_string(frame.size() - 1) + " follow",
                      frame.size());
  }
  WirelessFrame result;
  const std::size_t size_a = size + kCrcBytes * blocks_a(size);
  if (frame.size() == size_a) {
    result.format = FrameFormat::kA;
    AMITY_CHECK(strip_a(frame, size, scratch));
    result.bytes = scratch;
  } else if (frame.size() != size) {
    return make_error(ErrorCode::kMalformed,
                      "the L-field counts " + std::to_string(frame[0]) + " bytes (" +
                          std::to_string(size_a - 1) + " with the CRCs of format A), " +
                          std::to_string(frame.size() - 1) + " follow",
                      size);
  } else if (is_format_b(frame)) {
    result.format = FrameFormat::kB;
    strip_b(frame, scratch);
    result.bytes = scratch;
  } else {
    result.bytes = frame;
  }
  result.control = result.bytes[1];
  result.address = link_address_from(result.bytes.subspan(2, kAddressBytes));
  return result;
}

std::size_t original_offset(FrameFormat format, std::size_t o) {
  if (format == FrameFormat::kA && o >= kWirelessHeadBytes)
    return o + kCrcBytes + kCrcBytes * ((o - kWirelessHeadBytes) / kBlockABytes);
  if (format == FrameFormat::kB && o >= kFirstPartBBytes) return o + kCrcBytes;
  return o;
}

Result<Bytes> wireless_frame(FrameFormat format, ByteView body) {
  const std::size_t crcs_b = body.size() + 1 > kFirstPartBBytes ? 2 * kCrcBytes : kCrcBytes;
  const std::size_t length = body.size() + (format == FrameFormat::kB ? crcs_b : 0);
  if (body.size() < kLengthMin) return make_error(ErrorCode::kInvalid, "a frame needs an address");
  if (length > 255) {
    return make_error(ErrorCode::kLimit, std::to_string(length) + " bytes do not fit the L-field");
  }
  Bytes plain;
  plain.reserve(length + 1);
  plain.push_back(static_cast<std::uint8_t>(length));
  append(plain, body);
  if (format == FrameFormat::kStripped) return plain;
  Bytes out;
  std::size_t done = 0, block_start = 0;
  for_each_crc(format, plain.size(), [&](std::size_t at) {
    const std::size_t size = at - out.size();
    append(out, ByteView(plain).subspan(done, size));
    done += size;
    ByteWriter(out).u16(crc16_en13757(ByteView(out).subspan(block_start)));
    block_start = out.size();
  });
  return out;
}

bool looks_like_wmbus(ByteView frame) {
  if (frame.size() < kWirelessHeadBytes + 1 || frame[0] < kLengthMin + 1) return false;
  const std::size_t size = frame[0] + std::size_t{1};
  if (frame.size() != size && frame.size() != size + kCrcBytes * blocks_a(size)) return false;
  return looks_like_wmbus_head(frame);
}

std::size_t wireless_frame_bytes(ByteView b) {
  const std::size_t size = b[0] + std::size_t{1};
  const bool with_crcs = size > kWirelessHeadBytes && b.size() >= kWirelessHeadBytes + kCrcBytes &&
                         crc_fits(b.first(kWirelessHeadBytes + kCrcBytes));
  return with_crcs ? size + kCrcBytes * blocks_a(size) : size;
}

bool looks_like_wmbus_head(ByteView frame) {
  if (frame.size() < kWirelessHeadBytes || frame[0] < kLengthMin + 1) return false;
  switch (
      frame[1]) {  // SND-NR, SND-IR, ACC-NR, ACC-DMD, SND-NKE, SND-UD(2), RSP-UD, ACK, REQ-UD1/2
    case 0x44:
    case 0x46:
    case 0x47:
    case 0x48:
    case 0x40:
    case 0x43:
    case 0x53:
    case 0x73:
    case 0x08:
    case 0x18:
    case 0x28:
    case 0x38:
    case 0x00:
    case 0x10:
    case 0x20:
    case 0x30:
    case 0x4A:
    case 0x5A:
    case 0x7A:
    case 0x4B:
    case 0x5B:
    case 0x7B:
    case 0x06:
      break;
    default:
      return false;
  }
  const unsigned manufacturer = frame[2] | frame[3] << 8;
  for (int shift = 0; shift <= 10; shift += 5) {
    const unsigned letter = manufacturer >> shift & 0x1F;
    if (letter < 1 || letter > 26) return false;
  }
  return true;
}

}  // namespace amity::mbus
