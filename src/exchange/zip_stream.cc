#include "exchange/zip_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace amity::exchange {
namespace {

constexpr std::size_t kHeaderOctets = 26;      // of a local file header, after its signature
constexpr std::size_t kDescriptorOctets = 16;  // with its signature
constexpr std::uint32_t kLocalHeader = 0x04034b50, kDescriptor = 0x08074b50;
constexpr std::uint32_t kDirectory = 0x02014b50, kDirectoryEnd = 0x06054b50;

void end_inflate(z_stream_s* stream) {
  inflateEnd(stream);
  delete stream;
}

}  // namespace

ZipStream::ZipStream(ZipSink& sink) : sink_(sink), inflater_(nullptr, end_inflate) {}
ZipStream::~ZipStream() = default;

std::uint32_t ZipStream::number(std::size_t at, std::size_t octets) const {
  std::uint32_t value = 0;
  for (std::size_t i = octets; i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(held_[at + i - 1]);
  return value;
}

// Moves octets to `held_` until it has `count`.
bool ZipStream::gather(std::string_view& bytes, std::size_t count) {
  const std::size_t n = std::min(count - held_.size(), bytes.size());
  held_ += bytes.substr(0, n);
  bytes.remove_prefix(n);
  offset_ += n;
  return held_.size() == count;
}

void ZipStream::give(std::string_view bytes) {
  checksum_ = static_cast<std::uint32_t>(crc32(
      checksum_, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
  sink_.on_bytes(bytes);
}

Status ZipStream::feed(std::string_view bytes) {
  bool more = true;
  while (more && state_ != State::kTail) AMITY_CHECK(step(bytes, more));
  return {};
}

Status ZipStream::step(std::string_view& bytes, bool& more) {
  switch (state_) {
    case State::kSignature:
      more = gather(bytes, 4);
      if (!more) return {};
      if (number(0, 4) == kDirectory || number(0, 4) == kDirectoryEnd) {
        state_ = State::kTail;
      } else if (number(0, 4) == kLocalHeader) {
        state_ = State::kHeader;
      } else {
        return make_error(ErrorCode::kMalformed, "no member of a zip file begins here",
                          offset_ - 4);
      }
      held_.clear();
      return {};
    case State::kHeader:
      more = gather(bytes, kHeaderOctets);
      if (!more) return {};
      name_octets_ = number(22, 2);
      extra_octets_ = number(24, 2);
      state_ = State::kName;
      return {};
    case State::kName:
      more = gather(bytes, kHeaderOctets + name_octets_ + extra_octets_);
      return more ? begin_member() : Status();
    case State::kData: {
      bool ended = left_ == 0;
      if (deflated_) {
        AMITY_CHECK(inflate_some(bytes, ended));
      } else {
        const std::string_view part = bytes.substr(0, left_);
        give(part);
        bytes.remove_prefix(part.size());
        offset_ += part.size();
        left_ -= part.size();
        ended = left_ == 0;
      }
      more = ended;
      return ended ? end_data() : Status();
    }
    case State::kDescriptor:
      more = gather(bytes, kDescriptorOctets);
      if (!more) return {};
      if (number(0, 4) != kDescriptor)
        return make_error(ErrorCode::kUnsupported, "a member's sizes are not where they should be",
                          offset_);
      return end_member(number(4, 4));
    case State::kTail:
      return {};
  }
  return {};
}

Status ZipStream::begin_member() {
  const std::uint32_t flags = number(2, 2), method = number(4, 2);
  const std::string name = held_.substr(kHeaderOctets, name_octets_);
  expected_ = number(10, 4);
  const std::uint32_t packed = number(14, 4);
  held_.clear();
  if ((flags & 1) != 0)
    return make_error(ErrorCode::kUnsupported, "the member is encrypted", offset_);
  if (method != 0 && method != 8)
    return make_error(ErrorCode::kUnsupported, fmt::format("compression method {}", method),
                      offset_);
  if (packed == 0xffffffff)
    return make_error(ErrorCode::kUnsupported, "a member of 4 GiB or more (zip64)", offset_);
  if (name_octets_ > kZipNameBytesMax)
    return make_error(ErrorCode::kLimit, "the name of a member is too long", offset_);
  described_ = (flags & 8) != 0;
  deflated_ = method == 8;
  if (described_ && !deflated_)
    return make_error(ErrorCode::kUnsupported, "a stored member without its size", offset_);
  left_ = packed;
  checksum_ = 0;
  if (deflated_) {
    inflater_.reset(new z_stream_s{});
    if (inflateInit2(inflater_.get(), -MAX_WBITS) != Z_OK)
      return make_error(ErrorCode::kLimit, "no memory to inflate with");
  }
  sink_.on_member(name);
  state_ = State::kData;
  return {};
}

Status ZipStream::inflate_some(std::string_view& bytes, bool& ended) {
  char buffer[16'384];
  z_stream_s& z = *inflater_;
  while (true) {
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1u << 20));
    z.next_out = reinterpret_cast<Bytef*>(buffer);
    z.avail_out = sizeof buffer;
    const std::size_t before = z.avail_in;
    const int code = inflate(&z, Z_NO_FLUSH);
    bytes.remove_prefix(before - z.avail_in);
    offset_ += before - z.avail_in;
    if (z.avail_out < sizeof buffer) give({buffer, sizeof buffer - z.avail_out});
    if (code == Z_STREAM_END) {
      ended = true;
      return {};
    }
    if (code != Z_OK && code != Z_BUF_ERROR)
      return make_error(ErrorCode::kMalformed, "the compressed data are damaged", offset_);
    if (bytes.empty() && z.avail_out > 0) {
      ended = false;
      return {};
    }
  }
}

Status ZipStream::end_data() {
  if (!described_) return end_member(expected_);
  state_ = State::kDescriptor;
  return {};
}

Status ZipStream::end_member(std::uint32_t checksum) {
  inflater_.reset();
  held_.clear();
  state_ = State::kSignature;
  sink_.on_member_end();
  if (checksum != checksum_)
    return make_error(
        ErrorCode::kCorrupt,
        fmt::format("the member's checksum is {:08X}, computed {:08X}", checksum, checksum_),
        offset_);
  return {};
}

Status ZipStream::finish() {
  if (state_ == State::kTail) return {};
  if (state_ == State::kData || state_ == State::kDescriptor) sink_.on_member_end();
  return make_error(ErrorCode::kTruncated, "the zip file ends before its directory", offset_);
}

}  // namespace amity::exchange
