// A zip file as markets deliver them, member after member, while it comes: stored or deflated, no
// encryption, not of several parts. The directory at its end is not needed; checksums are checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct z_stream_s;

namespace amity::exchange {

inline constexpr std::size_t kZipNameBytesMax = 4'096;

class ZipSink {
 public:
  virtual ~ZipSink() = default;
  virtual void on_member(std::string_view name) = 0;
  virtual void on_bytes(std::string_view bytes) = 0;
  virtual void on_member_end() = 0;
};

class ZipStream {
 public:
  explicit ZipStream(ZipSink& sink);
  ~ZipStream();
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  static bool looks_like_zip(std::string_view first_bytes) {
    return first_bytes.substr(0, 4) == "PK\x03\x04";
  }

  // After an error nothing more is to be fed: what came before it was given.
  Status feed(std::string_view bytes);
  Status finish();

 private:
  enum class State : std::uint8_t { kSignature, kHeader, kName, kData, kDescriptor, kTail };

  Status step(std::string_view& bytes, bool& more);
  bool gather(std::string_view& bytes, std::size_t count);
  Status begin_member();
  Status inflate_some(std::string_view& bytes, bool& ended);
  Status end_data();
  Status end_member(std::uint32_t checksum);
  std::uint32_t number(std::size_t at, std::size_t octets) const;
  void give(std::string_view bytes);

  ZipSink& sink_;
  State state_ = State::kSignature;
  std::string held_;  // of a header, until it is whole
  std::unique_ptr<z_stream_s, void (*)(z_stream_s*)> inflater_;
  std::size_t offset_ = 0;
  bool described_ = false;  // checksum and sizes follow the data
  bool deflated_ = false;
  std::uint32_t checksum_ = 0, expected_ = 0;
  std::uint64_t left_ = 0;  // stored octets
  std::size_t name_octets_ = 0, extra_octets_ = 0;
};

}  // namespace amity::exchange
