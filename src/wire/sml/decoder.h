// From an SML frame to a report.
#pragma once

#include "wire/report/report.h"
#include "wire/sml/message.h"
#include "wire/sml/quirks.h"

namespace amity::sml {

// Keeps its memory between frames: one per stream or worker.
class Decoder {
 public:
  // One transport frame; `report` is cleared first. What was read before an error stays in it.
  Status decode(ByteView frame, wire::Report& report);
  // The messages of a frame without the transport around them.
  Status decode_payload(ByteView payload, wire::Report& report);

 private:
  void read_message(TlvReader& reader, wire::Report& report);
  // CRC and end of the message that began at `start`; false: the reader says why.
  static bool is_whole(TlvReader& reader, std::size_t start, wire::Report& report);
  void add_attention(const Attention& attention, wire::Report& report);
  void add_list(std::size_t offset, wire::Report& report);
  void add_entry(const ListEntry& entry, std::size_t offset, wire::Report& report);
  void add_profile(const ProfilePackResponse& profile, wire::Report& report);
  void add_profile(const ProfileListResponse& profile, wire::Report& report);
  void add_parameters(std::span<const Parameter> tree, wire::Report& report);
  void note_server(ByteView id, wire::Report& report);
  void note_time(const Time& time, wire::Report& report);

  Bytes scratch_;
  ListResponse list_;
  ByteView server_id_;
  ServerId server_;
  std::optional<std::uint64_t> status_;  // of the list's energy registers
};

}  // namespace amity::sml
