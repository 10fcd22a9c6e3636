#include "wire/mbus/decoder.h"

#include "wire/mbus/telegram.h"
#include "wire/mbus/wired_frame.h"

namespace amity::mbus {
namespace {

void explain_wireless(const WirelessFrame& frame, Layout& layout) {
  if (!layout.on()) return;
  layout.leaf_hex(0, frame.bytes.first(1), "L-field");
  layout.leaf_hex(1, frame.bytes.subspan(1, 1), "C-field");
  layout.leaf(2, 2, "manufacturer", manufacturer_text(frame.address.manufacturer));
  layout.leaf(4, 4, "id", id_text(frame.address.id));
  layout.leaf_hex(8, frame.bytes.subspan(8, 1), "version");
  layout.leaf(9, 1, "device type", std::string(device_type_text(frame.address.type)));
  layout.crcs(frame.bytes.size());
}

void explain_wired(ByteView bytes, const WiredFrame& frame, Layout& layout) {
  if (!layout.on()) return;
  if (frame.kind == WiredFrame::Kind::kAck) return layout.leaf_hex(0, bytes, "acknowledgement");
  const bool is_long = frame.kind == WiredFrame::Kind::kLong;
  const std::size_t control_at = is_long ? 4 : 1;
  layout.leaf_hex(0, bytes.first(control_at), is_long ? "start, lengths, start" : "start");
  layout.leaf_hex(control_at, bytes.subspan(control_at, 1), "C-field");
  layout.leaf_hex(control_at + 1, bytes.subspan(control_at + 1, 1), "A-field");
  layout.leaf_hex(bytes.size() - 2, bytes.subspan(bytes.size() - 2, 1), "checksum");
  layout.leaf_hex(bytes.size() - 1, bytes.subspan(bytes.size() - 1), "stop");
}

// Sent by the other side to the meter: SND-UD, SND-UD2, REQ-UD1/2, SND-NKE, ACK of a gateway ...
bool to_meter(std::uint8_t control) {
  return (control & 0x40) != 0 && (control & 0x0F) != 0x04 && (control & 0x0F) != 0x06 &&
         (control & 0x0F) != 0x07 && (control & 0x0F) != 0x08;
}

Status finished(Status status, Layout& layout) {
  layout.finish();
  if (status.ok()) return status;
  return layout.moved(std::move(status).error());
}

}  // namespace

Status Decoder::decode(ByteView frame, const KeyStore& keys, wire::Report& report) {
  // The start of a wired frame, even where the rest of it is cut.
  const bool start =
      frame.size() >= 4 && frame[0] == 0x68 && frame[3] == 0x68 && frame[1] == frame[2];
  const bool wired = looks_like_mbus(frame) || (start && !looks_like_wmbus(frame)) ||
                     (frame.size() == 1 && frame[0] == kAckByte);
  return wired ? decode_wired(frame, keys, report) : decode_wireless(frame, keys, report);
}

Status Decoder::decode_wireless(ByteView frame, const KeyStore& keys, wire::Report& report) {
  report.clear();
  report.protocol = "wmbus";
  AMITY_TRY(const WirelessFrame link, wireless_frame_from(frame, stripped_));
  frame_.assign(link.bytes.begin(), link.bytes.end());
  Layout layout(report);
  layout.set_format(link.format);
  explain_wireless(link, layout);
  Telegram telegram(*this, keys, report, layout);
  telegram.set_link_address(link.address);
  if (to_meter(link.control)) telegram.set_to_meter();
  telegram.identify();
  return finished(telegram.layers(kWirelessHeadBytes), layout);
}

Status Decoder::decode_wired(ByteView frame, const KeyStore& keys, wire::Report& report) {
  report.clear();
  report.protocol = "mbus";
  AMITY_TRY(const WiredFrame link, wired_frame_from(frame));
  Layout layout(report);
  explain_wired(frame, link, layout);
  if (link.kind != WiredFrame::Kind::kAck) {
    report.details.emplace_back("control", to_hex(ByteView(&link.control, 1)));
    report.details.emplace_back("address", std::to_string(link.address));
  } else {
    report.details.emplace_back("contents", "acknowledgement");
  }
  if (link.kind != WiredFrame::Kind::kLong) return finished({}, layout);
  // The frame up to the checksum: what follows the records is none of theirs.
  frame_.assign(frame.begin(), frame.end() - 2);
  Telegram telegram(*this, keys, report, layout);
  telegram.set_wired();
  if ((link.control & 0x40) != 0) telegram.set_to_meter();
  return finished(telegram.layers(6), layout);
}

Status decode(ByteView frame, const KeyStore& keys, wire::Report& report) {
  return Decoder().decode(frame, keys, report);
}

}  // namespace amity::mbus
