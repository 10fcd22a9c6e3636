#include "wire/sml/tlv.h"

#include <array>

namespace amity::sml {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::kOctets:
      return "octet string";
    case Type::kBool:
      return "boolean";
    case Type::kSigned:
      return "integer";
    case Type::kUnsigned:
      return "unsigned integer";
    case Type::kList:
      return "list";
  }
  return "unknown type";
}

void TlvReader::fail(ErrorCode code, std::string reason) {
  if (failed_) return;
  failed_ = true;
  error_ = Error{code, offset(), std::move(reason)};
  at_ = bytes_.size();
}

Element TlvReader::next_in_full() {
  const std::size_t size = bytes_.size();
  if (at_ >= size) {
    fail(ErrorCode::kTruncated, "an element is missing");
    return {};
  }
  const std::uint8_t first = bytes_[at_];
  std::size_t length = first & 0x0F, head = 1;
  for (bool more = first & 0x80; more; ++head) {
    if (at_ + head >= size || head == 4) {
      fail(head == 4 ? ErrorCode::kLimit : ErrorCode::kTruncated, "the length field does not end");
      return {};
    }
    const std::uint8_t byte = bytes_[at_ + head];
    length = length << 4 | (byte & 0x0F);
    more = byte & 0x80;
  }
  const auto type = static_cast<Type>(first >> 4 & 7);
  if (type == Type::kList) {
    at_ += head;
    return {type, length, {}};
  }
  const bool known = is_primitive(type);
  if (!known || length < head) {
    fail(ErrorCode::kMalformed, known ? "a length that does not cover itself" : "unknown type");
    return {};
  }
  if (length > size - at_) {
    fail(ErrorCode::kTruncated, "the element is longer than what is left");
    return {};
  }
  const Element element{type, 0, bytes_.subspan(at_ + head, length - head)};
  at_ += length;
  return element;
}

std::size_t TlvReader::any_list(const char* what) {
  const std::size_t before = at_;
  const Element element = next();
  if (ok() && element.type != Type::kList) {
    at_ = before;
    fail(ErrorCode::kMalformed, std::string(what) + " must be a list");
  }
  if (element.count > kListEntriesMax) fail(ErrorCode::kLimit, std::string(what) + " is too long");
  return ok() ? element.count : 0;
}

bool TlvReader::list_in_full(std::size_t count, const char* what) {
  const std::size_t before = at_;
  const std::size_t found = any_list(what);
  if (ok() && found != count) {
    at_ = before;
    fail(ErrorCode::kMalformed, std::string(what) + " must be a list of " + std::to_string(count));
  }
  return ok();
}

void TlvReader::refuse(std::size_t before, const char* what, const char* why) {
  if (!ok()) return;
  at_ = before;
  fail(ErrorCode::kMalformed, std::string(what) + why);
}

std::int64_t TlvReader::signed_number(const char* what) {
  const std::size_t before = at_;
  const Element element = next();
  if (element.type == Type::kSigned && !element.bytes.empty() && element.bytes.size() <= 8)
    return signed_of(element.bytes);
  return refuse(before, what, " must be an integer"), 0;
}

bool TlvReader::end_of_message() {
  if (at_ >= bytes_.size() || bytes_[at_] != 0x00) return false;
  ++at_;
  return true;
}

void TlvReader::skip() {
  std::array<std::size_t, kDepthMax> left{};
  std::size_t depth = 0;
  left[0] = 1;
  while (ok()) {
    while (left[depth] == 0) {
      if (depth == 0) return;
      --depth;
    }
    --left[depth];
    const Element element = next();
    if (element.type != Type::kList) continue;
    if (++depth == left.size()) return fail(ErrorCode::kLimit, "lists nested too deeply");
    left[depth] = element.count;
  }
}

std::int64_t signed_of(ByteView big_endian) {
  if (big_endian.empty()) return 0;
  std::uint64_t value = big_endian[0] & 0x80 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : big_endian) value = value << 8 | byte;
  return static_cast<std::int64_t>(value);
}

void TlvWriter::head(Type type, std::size_t length) {
  const auto bits = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4);
  int nibbles = 1;
  while (length >> (4 * nibbles) != 0) ++nibbles;
  for (int i = nibbles - 1; i >= 0; --i) {
    const unsigned nibble = length >> (4 * i) & 0x0F;
    const unsigned first = i == nibbles - 1 ? bits : 0u;
    out_.push_back(static_cast<std::uint8_t>((i > 0 ? 0x80u : 0u) | first | nibble));
  }
}

void TlvWriter::primitive(Type type, ByteView bytes) {
  std::size_t fields = 1;
  while ((bytes.size() + fields) >> (4 * fields) != 0) ++fields;
  head(type, bytes.size() + fields);
  append(out_, bytes);
}

void TlvWriter::number(std::uint64_t value, int width) {
  out_.push_back(static_cast<std::uint8_t>(0x60 | (width + 1)));
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(value >> shift));
}

void TlvWriter::signed_number(std::int64_t value, int width) {
  number(static_cast<std::uint64_t>(value), width);
  const std::size_t at = out_.size() - static_cast<std::size_t>(width) - 1;
  out_[at] = static_cast<std::uint8_t>(0x50 | (width + 1));
}

void TlvWriter::boolean(bool value) {
  out_.push_back(0x42);
  out_.push_back(value ? 0xFF : 0x00);
}

}  // namespace amity::sml
