#include "wire/decode/protocol.h"

#include <algorithm>
#include <array>

#include "wire/decode/modbus_recording.h"
#include "wire/decode/readable_recording.h"
#include "wire/dlms/apdu.h"
#include "wire/mbus/wired_frame.h"
#include "wire/mbus/wireless_frame.h"
#include "wire/p1/telegram.h"
#include "wire/pcap/capture.h"
#include "wire/sml/transport.h"

namespace amity::decode {
namespace {

constexpr std::array<std::pair<Protocol, std::string_view>, 13> kNames{
    {{Protocol::kDlms, "dlms"},
     {Protocol::kMbus, "mbus"},
     {Protocol::kWmbus, "wmbus"},
     {Protocol::kSml, "sml"},
     {Protocol::kP1, "p1"},
     {Protocol::kC1222, "c1222"},
     {Protocol::kC1218, "c1218"},
     {Protocol::kIec62056_21, "iec62056-21"},
     {Protocol::kStg, "stg"},
     {Protocol::kModbus, "modbus"},
     {Protocol::kOsgp, "osgp"},
     {Protocol::kMm, "mm"},
     {Protocol::kCapture, "pcap"}}};
constexpr std::uint8_t kLongStart = 0x68, kShortStart = 0x10, kStop = 0x16, kAck = 0xE5,
                       kAcseTag = 0x60;
constexpr std::uint8_t kDlmsCiMax = 0x1F;  // CI-fields of DLMS over M-Bus (EN 13757-3, table 1)

bool starts_dlms_frame(ByteView b) {
  const bool hdlc = b.size() > 2 && b[0] == 0x7E && b[1] >> 4 == 0xA;
  // Ports are never 0: 0001 0000 is Modbus TCP, transaction 1.
  const bool wrapper =
      b.size() > 8 && b[0] == 0 && b[1] == 1 && (b[2] | b[3]) != 0 && (b[4] | b[5]) != 0;
  const bool llc = b.size() > 3 && b[0] == 0xE6 && (b[1] == 0xE6 || b[1] == 0xE7) && b[2] == 0;
  return hdlc || wrapper || llc;
}

// EE, identity, control, sequence, length; an ACK or NAK of the packet before may stand in front.
bool starts_c1218_packet(ByteView b) {
  constexpr std::uint8_t kStart = 0xEE, kLineAck = 0x06, kLineNak = 0x15;
  if (!b.empty() && (b[0] == kLineAck || b[0] == kLineNak)) b = b.subspan(1);
  return b.size() >= 8 && b[0] == kStart && b[4] * 256u + b[5] + 8 <= b.size();
}

bool is_text(ByteView b) {
  return std::all_of(b.begin(), b.end(), [](std::uint8_t c) {
    return (c >= 0x20 && c < 0x7F) || c == '\r' || c == '\n' || c == '\t';
  });
}

// A telegram from '/' to '!', wherever the recording begins.
bool is_p1(ByteView b) {
  if (!is_text(b)) return false;
  const std::string_view text = as_text(b);
  const std::size_t start = text.find('/');
  return start != std::string_view::npos && text.find('!', start) != std::string_view::npos;
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  for (const auto& [known, name] : kNames) {
    if (known == protocol) return name;
  }
  return "";
}

std::optional<Protocol> protocol_from(std::string_view wanted) {
  for (const auto& [known, name] : kNames) {
    if (name == wanted) return known;
  }
  return std::nullopt;
}

std::optional<std::size_t> wmbus_frame_size(ByteView recording) {
  if (recording.size() < mbus::kWirelessHeadBytes) return std::nullopt;
  const std::size_t length = recording[0];
  // Format A counts no CRC: two bytes behind the first ten, and behind every sixteen that follow.
  const std::size_t blocks = length + 1 > 10 ? (length + 1 - 10 + 15) / 16 : 0;
  const std::size_t with_crcs = length + 1 + 2 * (1 + blocks);
  Bytes scratch;
  if (with_crcs <= recording.size()) {
    const auto frame = mbus::wireless_frame_from(recording.first(with_crcs), scratch);
    if (frame.ok() && frame->format == mbus::FrameFormat::kA) return with_crcs;
  }
  if (length + 1 > recording.size()) return std::nullopt;
  return mbus::looks_like_wmbus(recording.first(length + 1)) ? std::optional(length + 1)
                                                             : std::nullopt;
}

std::optional<std::size_t> mbus_frame_size(ByteView b) {
  if (b.size() >= 4 && b[0] == kLongStart && b[3] == kLongStart && b[1] == b[2]) {
    const std::size_t size = std::size_t{b[1]} + 6;
    return size <= b.size() ? std::optional(size) : std::nullopt;
  }
  if (b.size() >= 5 && b[0] == kShortStart && b[4] == kStop && mbus::looks_like_mbus(b.first(5)))
    return 5;
  if (!b.empty() && b[0] == kAck) return 1;
  return std::nullopt;
}

std::optional<std::size_t> c1222_frame_size(ByteView b) {
  if (b.size() < 4 || b[0] != kAcseTag) return std::nullopt;
  const std::size_t length_bytes = b[1] < 0x80 ? 0 : b[1] & 0x7Fu;
  if (length_bytes > 2 || b.size() < 2 + length_bytes) return std::nullopt;
  std::size_t length = length_bytes == 0 ? b[1] : 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | b[2 + i];
  const std::size_t size = 2 + length_bytes + length;
  if (size > b.size()) return std::nullopt;
  // An AARQ of DLMS names its application context: 2.16.756.5.8.1.x.
  constexpr std::array<std::uint8_t, 6> kDlmsContext{0x60, 0x85, 0x74, 0x05, 0x08, 0x01};
  const ByteView apdu = b.first(size);
  const bool dlms =
      std::search(apdu.begin(), apdu.end(), kDlmsContext.begin(), kDlmsContext.end()) != apdu.end();
  return dlms ? std::nullopt : std::optional(size);
}

bool is_bare_apdu(ByteView recording) {
  return !starts_dlms_frame(recording) && dlms::decode_apdu(recording).ok();
}

Protocol recognise(ByteView recording) {
  if (pcap::looks_like_capture(recording)) return Protocol::kCapture;
  if (starts_dlms_frame(recording)) return Protocol::kDlms;
  if (looks_like_stg(recording)) return Protocol::kStg;
  if (looks_like_iec62056_21(recording)) return Protocol::kIec62056_21;
  if (mbus_frame_size(recording)) {
    const bool dlms =
        recording[0] == kLongStart && recording.size() > 6 && recording[6] <= kDlmsCiMax;
    // One acknowledgement alone, or followed by another frame: not any recording that begins so.
    const bool ack =
        recording[0] == kAck && recording.size() > 1 && !mbus_frame_size(recording.subspan(1));
    if (!ack) return dlms ? Protocol::kDlms : Protocol::kMbus;
  }
  if (c1222_frame_size(recording)) return Protocol::kC1222;
  if (starts_c1218_packet(recording)) return Protocol::kC1218;
  if (is_p1(recording))
    return Protocol::kP1;  // first: "/KFM" reads as the head of a wireless telegram, too
  if (wmbus_frame_size(recording)) return Protocol::kWmbus;
  if (sml::find_frame(recording, 0)) return Protocol::kSml;
  if (modbus_transport(recording)) return Protocol::kModbus;
  return Protocol::kDlms;
}

}  // namespace amity::decode
