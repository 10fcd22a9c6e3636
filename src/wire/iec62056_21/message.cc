#include "wire/iec62056_21/message.h"

#include <fmt/format.h>

#include <algorithm>

namespace amity::iec62056_21 {
namespace {

constexpr int kBauds[] = {300, 600, 1'200, 2'400, 4'800, 9'600, 19'200};
constexpr std::uint8_t kSevenBits = 0x7F;
constexpr std::size_t kIdentificationCharsMax = 32;  // the standard allows 16; meters send more

bool starts_message(std::uint8_t c) {
  return c == '/' || c == kStx || c == kSoh || c == kAck || c == kNak;
}

Bytes without_parity(ByteView bytes) {
  Bytes out(bytes.begin(), bytes.end());
  for (std::uint8_t& byte : out) byte &= kSevenBits;
  return out;
}

std::string_view trimmed(ByteView line) {
  std::string_view text = as_text(line);
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// A line up to its LF. Size 0: not there yet.
Result<std::size_t> line_size(ByteView stream) {
  const auto end = std::find(stream.begin(), stream.end(), '\n');
  const auto size = static_cast<std::size_t>(end - stream.begin());
  if (size >= kLineBytesMax)
    return make_error(ErrorCode::kLimit, "a line of more than 256 characters", kLineBytesMax);
  return end == stream.end() ? std::size_t{0} : size + 1;
}

Result<std::optional<Message>> read_block(ByteView stream) {
  const auto etx = std::find_if(stream.begin(), stream.end(),
                                [](std::uint8_t c) { return c == kEtx || c == kEot; });
  const auto end = static_cast<std::size_t>(etx - stream.begin());
  if (end >= kBlockBytesMax)
    return make_error(ErrorCode::kLimit, "a block without end", kBlockBytesMax);
  if (end + 1 >= stream.size()) return std::optional<Message>();
  Message message;
  message.size = end + 2;
  const std::uint8_t sent = stream[end + 1], computed = block_check(stream.first(end + 1));
  if (sent != computed) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("the BCC is {:02X}, computed {:02X}", sent, computed), end + 1);
  }
  const ByteView inside = stream.subspan(1, end - 1);
  if (stream[0] == kStx) {
    message.kind = Message::Kind::kData;
    message.data = as_text(inside);
    return std::optional(std::move(message));
  }
  message.kind = Message::Kind::kCommand;
  if (inside.size() < 2) return make_error(ErrorCode::kMalformed, "a command without a name", 1);
  message.command.name = static_cast<char>(inside[0]);
  message.command.type = static_cast<char>(inside[1]);
  if (inside.size() > 2) {
    if (inside[2] != kStx)
      return make_error(ErrorCode::kMalformed, "STX expected behind the command", 3);
    message.command.data = as_text(inside.subspan(3));
  }
  return std::optional(std::move(message));
}

}  // namespace

void encode_request(std::string_view address, Bytes& out) {
  ByteWriter writer(out);
  writer.text("/?");
  writer.text(address);
  writer.text("!\r\n");
}

Result<std::string> parse_request(ByteView line) {
  const Bytes clean = without_parity(line);
  const std::string_view text = trimmed(clean);
  if (text.size() < 3 || !text.starts_with("/?") || text.back() != '!')
    return make_error(ErrorCode::kMalformed, "no request message");
  if (text.size() - 3 > kAddressCharsMax)
    return make_error(ErrorCode::kLimit, "an address of more than 32 characters", 2);
  return std::string(text.substr(2, text.size() - 3));
}

Result<Identification> parse_identification(ByteView line) {
  const Bytes clean = without_parity(line);
  std::string_view text = trimmed(clean);
  if (text.size() < 5 || text[0] != '/' || text[1] == '?')
    return make_error(ErrorCode::kMalformed, "no identification message");
  Identification identification;
  identification.manufacturer = text.substr(1, 3);
  identification.baud = text[4];
  text.remove_prefix(5);
  while (text.size() >= 2 && text[0] == '\\') {
    identification.options += text[1];
    text.remove_prefix(2);
  }
  if (text.size() > kIdentificationCharsMax)
    return make_error(ErrorCode::kLimit, "an identification of more than 32 characters", 5);
  identification.text = text;
  return identification;
}

void encode_identification(const Identification& identification, Bytes& out) {
  ByteWriter writer(out);
  writer.u8('/');
  writer.text(identification.manufacturer);
  writer.u8(static_cast<std::uint8_t>(identification.baud));
  for (const char option : identification.options) {
    writer.u8('\\');
    writer.u8(static_cast<std::uint8_t>(option));
  }
  writer.text(identification.text);
  writer.text("\r\n");
}

Mode mode_of(const Identification& identification) {
  const char baud = identification.baud;
  if (baud >= 'A' && baud <= 'F') return Mode::kB;
  if (baud < '0' || baud > '6') return Mode::kA;
  return identification.options.find('2') != std::string::npos ? Mode::kE : Mode::kC;
}

std::optional<int> baud_of(char baud) {
  if (baud >= '0' && baud <= '6') return kBauds[baud - '0'];
  if (baud >= 'A' && baud <= 'F') return kBauds[baud - 'A' + 1];
  return std::nullopt;
}

void encode_option_select(const OptionSelect& option, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(kAck);
  for (const char c : {option.protocol, option.baud, option.mode})
    writer.u8(static_cast<std::uint8_t>(c));
  writer.text("\r\n");
}

Result<OptionSelect> parse_option_select(ByteView line) {
  const std::string_view text = trimmed(line);
  if (text.size() != 4 || static_cast<std::uint8_t>(text[0]) != kAck)
    return make_error(ErrorCode::kMalformed, "no acknowledgement with option select");
  return OptionSelect{text[1], text[2], text[3]};
}

std::uint8_t block_check(ByteView from_start_to_etx) {
  std::uint8_t check = 0;
  for (std::size_t i = 1; i < from_start_to_etx.size(); ++i) check ^= from_start_to_etx[i];
  return check;
}

void encode_data(std::string_view data, Bytes& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(kStx);
  writer.text(data);
  writer.u8(kEtx);
  writer.u8(block_check(ByteView(out).subspan(start)));
}

void encode_command(const Command& command, Bytes& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(kSoh);
  writer.u8(static_cast<std::uint8_t>(command.name));
  writer.u8(static_cast<std::uint8_t>(command.type));
  if (!command.data.empty()) {
    writer.u8(kStx);
    writer.text(command.data);
  }
  writer.u8(kEtx);
  writer.u8(block_check(ByteView(out).subspan(start)));
}

Result<std::optional<Message>> read_message(ByteView stream, std::size_t& noise) {
  noise = 0;
  while (noise < stream.size() && !starts_message(stream[noise] & kSevenBits)) ++noise;
  if (noise == stream.size()) return std::optional<Message>();
  const Bytes clean = without_parity(stream.subspan(noise));
  if (clean[0] == kStx || clean[0] == kSoh) return read_block(clean);
  Message message;
  if (clean[0] == kNak) {
    message.kind = Message::Kind::kRefused;
    message.size = 1;
    return std::optional(std::move(message));
  }
  if (clean[0] == kAck) {
    message.kind = Message::Kind::kAccepted;
    message.size = 1;
    // Three characters and a line end behind it make it an option select.
    if (clean.size() == 1 || clean[1] < '0' || clean[1] > '9') return std::optional(message);
    message.kind = Message::Kind::kOption;
  }
  AMITY_TRY(const std::size_t size, line_size(clean));
  if (size == 0) return std::optional<Message>();
  message.size = size;
  message.line = trimmed(ByteView(clean).first(size));
  return std::optional(std::move(message));
}

}  // namespace amity::iec62056_21
