// Parts of a frame for `--explain`. Everything is said in offsets of the frame without CRCs; they
// are moved to where the bytes stand in the frame as it was given. Containers have depth 0, the
// innermost parts depth 1.
#pragma once

#include "wire/mbus/wireless_frame.h"
#include "wire/report/report.h"

namespace amity::mbus {

class Layout {
 public:
  // Of a wired frame, or of a report that wants none.
  explicit Layout(wire::Report& report) : report_(report), on_(report.explain) {}

  void set_format(FrameFormat format) { format_ = format; }
  bool on() const { return on_; }
  std::size_t original(std::size_t offset) const { return original_offset(format_, offset); }

  void container(std::size_t offset, std::size_t size, std::string meaning);
  // Split where a CRC stands in the middle.
  void leaf(std::size_t offset, std::size_t size, std::string_view meaning, std::string value = {});
  void leaf_hex(std::size_t offset, ByteView bytes, std::string_view meaning);
  void crcs(std::size_t stripped_size);
  // In order of offset, containers before what they hold.
  void finish();

  // The same places, without a word.
  Layout muted() const {
    Layout result(*this);
    result.on_ = false;
    return result;
  }

  // An error's offset, moved likewise.
  Error moved(Error error) const;

 private:
  wire::Report& report_;
  FrameFormat format_ = FrameFormat::kStripped;
  bool on_;
};

}  // namespace amity::mbus
