#include "edge/message.h"

#include <algorithm>

#include "edge/limits.h"
#include "store/varint.h"

namespace amity::edge {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::uint8_t kMagic[] = {'A', 'M', 'E', 'D'};
constexpr std::size_t kSignatureSize = 64;

using store::get_varint;
using store::put_varint;
using store::put_zigzag;

void put_blob(Bytes& out, ByteView blob) {
  put_varint(out, blob.size());
  append(out, blob);
}
void put_cut(Bytes& out, std::string_view text, std::size_t max) {
  put_blob(out, as_bytes(text.substr(0, max)));
}
Result<ByteView> get_blob(ByteReader& in, std::size_t max) {
  AMITY_TRY(const std::uint64_t size, get_varint(in));
  if (size > max) return in.malformed("a field is longer than " + std::to_string(max) + " bytes");
  return in.take(size);
}
Result<std::string> get_text(ByteReader& in, std::size_t max) {
  AMITY_TRY(const ByteView text, get_blob(in, max));
  return std::string(as_text(text));
}
template <std::size_t N>
Status get_array(ByteReader& in, std::array<std::uint8_t, N>& out) {
  AMITY_TRY(const ByteView bytes, in.take(N));
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return {};
}
Status get_u32(ByteReader& in, std::uint32_t& out) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  if (v > 0xFFFF'FFFFu) return in.malformed("a number is wider than 32 bits");
  out = static_cast<std::uint32_t>(v);
  return {};
}

// Each message's type is its place in the variant, from 1.

void put(Bytes& out, const Hello& m) {
  append(out, kMagic);
  ByteWriter(out).u16(m.protocol);
  append(out, m.buffer);
  put_varint(out, m.first);
  put_varint(out, m.last);
  put_varint(out, m.configuration);
  put_cut(out, m.version, kNameBytesMax);
  put_cut(out, m.target, kNameBytesMax);
}
Status get(ByteReader& in, Hello& m) {
  AMITY_TRY(const ByteView magic, in.take(sizeof kMagic));
  if (!std::equal(magic.begin(), magic.end(), kMagic)) return in.malformed("no hello of an edge");
  AMITY_TRY(m.protocol, in.u16());
  AMITY_CHECK(get_array(in, m.buffer));
  AMITY_TRY(m.first, get_varint(in));
  AMITY_TRY(m.last, get_varint(in));
  AMITY_TRY(m.configuration, get_varint(in));
  AMITY_TRY(m.version, get_text(in, kNameBytesMax));
  AMITY_TRY(m.target, get_text(in, kNameBytesMax));
  const bool consistent = m.first != 0 && m.last < UINT64_MAX && m.first <= m.last + 1;
  return consistent ? Status{} : in.malformed("the oldest batch is newer than the newest");
}

void put(Bytes& out, const Welcome& m) {
  ByteWriter(out).u16(m.protocol);
  put_varint(out, m.acknowledged);
  put_zigzag(out, m.time);
}
Status get(ByteReader& in, Welcome& m) {
  AMITY_TRY(m.protocol, in.u16());
  AMITY_TRY(m.acknowledged, get_varint(in));
  AMITY_TRY(m.time, store::get_zigzag(in));
  return {};
}

void put(Bytes& out, const Refused& m) {
  put_cut(out, m.reason, kReasonBytesMax);
}
Status get(ByteReader& in, Refused& m) {
  AMITY_TRY(m.reason, get_text(in, kReasonBytesMax));
  return {};
}

void put(Bytes& out, const BatchSent& m) {
  put_varint(out, m.sequence);
  put_blob(out, m.body);
}
Status get(ByteReader& in, BatchSent& m) {
  AMITY_TRY(m.sequence, get_varint(in));
  AMITY_TRY(const ByteView body, get_blob(in, kBatchBytesMax));
  m.body.assign(body.begin(), body.end());
  return m.sequence != 0 ? Status{} : in.malformed("a batch has the number 0");
}

void put(Bytes& out, const Acknowledged& m) {
  put_varint(out, m.sequence);
}
Status get(ByteReader& in, Acknowledged& m) {
  AMITY_TRY(m.sequence, get_varint(in));
  return {};
}

void put(Bytes& out, const EdgeStatus& m) {
  for (const std::uint64_t v : {m.buffered_bytes, m.buffered_batches}) put_varint(out, v);
  for (const std::uint32_t v : {m.resident_kib, m.meters, m.meters_failing}) put_varint(out, v);
  if (m.time_ms) put_zigzag(out, *m.time_ms);
}
Status get(ByteReader& in, EdgeStatus& m) {
  AMITY_TRY(m.buffered_bytes, get_varint(in));
  AMITY_TRY(m.buffered_batches, get_varint(in));
  AMITY_CHECK(get_u32(in, m.resident_kib));
  AMITY_CHECK(get_u32(in, m.meters));
  AMITY_CHECK(get_u32(in, m.meters_failing));
  if (in.remaining() > 0) {
    AMITY_TRY(m.time_ms, get_zigzag(in));
  }
  return {};
}

void put(Bytes& out, const ConfigurationOffer& m) {
  put_varint(out, m.version);
  put_cut(out, m.text, kConfigurationBytesMax);
}
Status get(ByteReader& in, ConfigurationOffer& m) {
  AMITY_TRY(m.version, get_varint(in));
  AMITY_TRY(m.text, get_text(in, kConfigurationBytesMax));
  return {};
}

void put(Bytes& out, const ConfigurationReport& m) {
  put_varint(out, m.version);
  put_cut(out, m.refusal, kReasonBytesMax);
}
Status get(ByteReader& in, ConfigurationReport& m) {
  AMITY_TRY(m.version, get_varint(in));
  AMITY_TRY(m.refusal, get_text(in, kReasonBytesMax));
  return {};
}

void put(Bytes& out, const UpdateOffer& m) {
  put_cut(out, m.manifest, kManifestBytesMax);
  put_blob(out, m.signature);
}
Status get(ByteReader& in, UpdateOffer& m) {
  AMITY_TRY(m.manifest, get_text(in, kManifestBytesMax));
  AMITY_TRY(const ByteView signature, get_blob(in, kSignatureSize));
  m.signature.assign(signature.begin(), signature.end());
  return {};
}

void put(Bytes& out, const UpdateAsk& m) {
  append(out, m.digest);
  put_varint(out, m.offset);
}
Status get(ByteReader& in, UpdateAsk& m) {
  AMITY_CHECK(get_array(in, m.digest));
  AMITY_TRY(m.offset, get_varint(in));
  return {};
}

void put(Bytes& out, const UpdatePiece& m) {
  append(out, m.digest);
  put_varint(out, m.offset);
  put_blob(out, m.bytes);
}
Status get(ByteReader& in, UpdatePiece& m) {
  AMITY_CHECK(get_array(in, m.digest));
  AMITY_TRY(m.offset, get_varint(in));
  AMITY_TRY(const ByteView bytes, get_blob(in, kPieceBytesMax));
  m.bytes.assign(bytes.begin(), bytes.end());
  return {};
}

void put(Bytes& out, const UpdateReport& m) {
  append(out, m.digest);
  put_cut(out, m.refusal, kReasonBytesMax);
}
Status get(ByteReader& in, UpdateReport& m) {
  AMITY_CHECK(get_array(in, m.digest));
  AMITY_TRY(m.refusal, get_text(in, kReasonBytesMax));
  return {};
}

void put(Bytes& out, const CommandOrder& m) {
  put_varint(out, m.id);
  put_cut(out, m.serial, kNameBytesMax);
  out.push_back(static_cast<std::uint8_t>(m.kind));
  put_varint(out, m.left_s);
  put_cut(out, m.argument, kArgumentBytesMax);
}
Status get(ByteReader& in, CommandOrder& m) {
  AMITY_TRY(m.id, get_varint(in));
  AMITY_TRY(m.serial, get_text(in, kNameBytesMax));
  AMITY_TRY(const std::uint8_t kind, in.u8());
  if (kind > static_cast<std::uint8_t>(kCommandKindLast))
    return in.malformed("no command has this number");
  m.kind = static_cast<CommandKind>(kind);
  AMITY_TRY(m.left_s, get_varint(in));
  AMITY_TRY(m.argument, get_text(in, kArgumentBytesMax));
  return {};
}

template <std::size_t Type = 0>
Result<Message> decode_as(std::size_t type, ByteReader& in) {
  if constexpr (Type < std::variant_size_v<Message>) {
    if (type != Type) return decode_as<Type + 1>(type, in);
    std::variant_alternative_t<Type, Message> message;
    AMITY_CHECK(get(in, message));
    if (!in.empty()) return in.malformed("bytes follow the message");
    return Message(std::move(message));
  } else {
    return in.malformed("no message has this type");
  }
}

}  // namespace

Bytes encode_message(const Message& message) {
  Bytes out(kLengthSize);
  out.push_back(static_cast<std::uint8_t>(message.index() + 1));
  std::visit([&](const auto& m) { put(out, m); }, message);
  const std::size_t size = out.size() - kLengthSize;
  AMITY_ASSERT(size <= kMessageBytesMax);
  for (std::size_t i = 0; i < kLengthSize; ++i)
    out[i] = static_cast<std::uint8_t>(size >> (8 * (kLengthSize - 1 - i)));
  return out;
}

Result<Message> decode_message(ByteView message) {
  ByteReader in(message);
  AMITY_TRY(const std::uint8_t type, in.u8());
  return decode_as<>(type == 0 ? std::variant_size_v<Message> : type - 1u, in);
}

Result<std::optional<Message>> MessageStream::next() {
  ByteReader in(ByteView(buffer_).subspan(taken_));
  const auto size = in.u32();
  if (size.ok() && (*size == 0 || *size > kMessageBytesMax))
    return in.malformed("a message of " + std::to_string(*size) + " bytes");
  if (!size.ok() || in.remaining() < *size) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    if (buffer_.empty()) Bytes().swap(buffer_);  // an idle connection holds nothing
    return std::optional<Message>();
  }
  taken_ += kLengthSize + *size;
  AMITY_TRY(Message message, decode_message(in.rest().first(*size)));
  return std::optional<Message>(std::move(message));
}

}  // namespace amity::edge
