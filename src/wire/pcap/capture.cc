#include "wire/pcap/capture.h"

#include <map>
#include <optional>

#include "wire/pcap/limits.h"
#include "wire/pcap/packet.h"

namespace amity::pcap {
namespace {

constexpr std::uint32_t kMicroMagic = 0xA1B2C3D4, kNanoMagic = 0xA1B23C4D, kSection = 0x0A0D0D0A,
                        kByteOrder = 0x1A2B3C4D;

std::uint32_t word(ByteView b, std::size_t at, bool big) {
  return big ? std::uint32_t{b[at]} << 24 | b[at + 1] << 16 | b[at + 2] << 8 | b[at + 3]
             : std::uint32_t{b[at + 3]} << 24 | b[at + 2] << 16 | b[at + 1] << 8 | b[at];
}
std::uint16_t half(ByteView b, std::size_t at, bool big) {
  return static_cast<std::uint16_t>(big ? b[at] << 8 | b[at + 1] : b[at + 1] << 8 | b[at]);
}

// Puts the segments of TCP flows in order, once each.
class Assembler {
 public:
  explicit Assembler(Capture& out) : out_(out) {}

  void add(std::size_t packet_offset, std::int64_t time_us, ByteView file, const Packet& packet) {
    const std::size_t offset = packet.payload.empty()
                                   ? packet_offset
                                   : static_cast<std::size_t>(packet.payload.data() - file.data());
    if (!packet.tcp) {
      if (!packet.payload.empty()) emit(offset, time_us, packet, packet.payload, false);
      return;
    }
    const auto key = std::make_pair(packet.from, packet.to);
    auto found = flows_.find(key);
    if (found == flows_.end()) {
      if (flows_.size() == kFlowsMax)
        return remark(packet_offset, "more TCP flows than are followed");
      found = flows_.emplace(key, Flow{packet.sequence + (packet.opens ? 1 : 0), {}}).first;
    } else if (packet.opens) {
      found->second = Flow{packet.sequence + 1, {}};
    }
    if (!packet.payload.empty()) arrive(found->second, offset, time_us, packet);
  }

 private:
  struct Early {
    std::size_t offset;
    std::int64_t time_us;
    Packet packet;
  };
  struct Flow {
    std::uint32_t next = 0;
    std::map<std::uint32_t, Early> early;  // by sequence number
  };

  void arrive(Flow& flow, std::size_t offset, std::int64_t time_us, const Packet& packet) {
    const auto ahead = static_cast<std::int32_t>(packet.sequence - flow.next);
    if (ahead > 0) {
      if (flow.early.size() == kEarlySegmentsMax)
        return remark(offset, "a TCP segment is missing; later ones are left");
      flow.early.emplace(packet.sequence, Early{offset, time_us, packet});
      return;
    }
    take(flow, offset, time_us, packet);
    while (!flow.early.empty()) {
      const auto next = flow.early.find(flow.next);
      if (next == flow.early.end()) break;
      const Early early = next->second;
      flow.early.erase(next);
      take(flow, early.offset, early.time_us, early.packet);
    }
  }

  void take(Flow& flow, std::size_t offset, std::int64_t time_us, const Packet& packet) {
    const std::uint32_t seen = flow.next - packet.sequence;
    if (seen >= packet.payload.size()) return;  // sent again
    const ByteView fresh = packet.payload.subspan(seen);
    flow.next += static_cast<std::uint32_t>(fresh.size());
    emit(offset + seen, time_us, packet, fresh, true);
  }

  void emit(std::size_t offset, std::int64_t time_us, const Packet& packet, ByteView bytes,
            bool join) {
    auto& all = out_.payloads;
    if (join && !all.empty() && all.back().tcp && all.back().from == packet.from &&
        all.back().to == packet.to) {
      append(all.back().bytes, bytes);
      return;
    }
    all.push_back(
        {offset, time_us, packet.tcp, packet.from, packet.to, Bytes(bytes.begin(), bytes.end())});
  }

  void remark(std::size_t offset, const std::string& text) {
    out_.remarks.push_back("byte " + std::to_string(offset) + ": " + text);
  }

  Capture& out_;
  std::map<std::pair<std::string, std::string>, Flow> flows_;
};

class Reader {
 public:
  explicit Reader(ByteView file) : file_(file) {}

  Result<Capture> read() {
    if (file_.size() < 24)
      return make_error(ErrorCode::kTruncated, "a capture has at least 24 bytes", file_.size());
    if (word(file_, 0, true) == kSection) {
      read_blocks();
    } else {
      read_records();
    }
    return std::move(out_);
  }

 private:
  void remark(std::size_t offset, const std::string& text) {
    out_.remarks.push_back("byte " + std::to_string(offset) + ": " + text);
  }

  void packet(std::size_t offset, std::uint32_t link_type, std::int64_t time_us, std::size_t size) {
    if (const auto parsed = parse_packet(link_type, file_.subspan(offset, size))) {
      assembler_.add(offset, time_us, file_, *parsed);
    }
  }

  bool link_is_known(std::size_t offset, std::uint32_t link_type) {
    if (knows_link_type(link_type)) return true;
    remark(offset, "packets of link type " + std::to_string(link_type) + " are not read");
    return false;
  }

  void read_records() {
    const std::uint32_t as_big = word(file_, 0, true);
    const bool big = as_big == kMicroMagic || as_big == kNanoMagic;
    const bool nano = word(file_, 0, big) == kNanoMagic;
    const std::uint32_t link_type = word(file_, 20, big) & 0x0FFFFFFF;
    if (!link_is_known(20, link_type)) return;
    std::size_t at = 24;
    while (at + 16 <= file_.size()) {
      const std::int64_t seconds = word(file_, at, big);
      const std::int64_t fraction = word(file_, at + 4, big);
      const std::uint32_t size = word(file_, at + 8, big);
      if (size > kPacketBytesMax || size > file_.size() - at - 16) {
        return remark(
            at, "a packet of " + std::to_string(size) + " bytes is cut or its length is wrong");
      }
      packet(at + 16, link_type, seconds * 1'000'000 + (nano ? fraction / 1000 : fraction), size);
      at += 16 + size;
    }
    if (at != file_.size()) remark(at, "the last packet's header is cut");
  }

  struct Interface {
    std::uint32_t link_type = 0;
    std::int64_t ticks_per_s = 1'000'000;
    bool known = false;
  };

  void read_blocks() {
    std::size_t at = 0;
    bool big = false;
    while (at + 12 <= file_.size()) {
      const bool section = word(file_, at, true) == kSection;
      if (section) {
        big = word(file_, at + 8, true) == kByteOrder;
        interfaces_.clear();
      }
      const std::uint32_t type = word(file_, at, big);
      const std::uint32_t size = word(file_, at + 4, big);
      if (size < 12 || size % 4 != 0 || size > file_.size() - at) {
        return remark(
            at, "a block of " + std::to_string(size) + " bytes is cut or its length is wrong");
      }
      if (type == 1 && size >= 20) add_interface(at, size, big);
      if (type == 6 && size >= 32) read_enhanced(at, size, big);
      at += size;
    }
    if (at != file_.size()) remark(at, "the last block's header is cut");
  }

  void add_interface(std::size_t at, std::uint32_t size, bool big) {
    Interface added;
    added.link_type = half(file_, at + 8, big);
    added.known = link_is_known(at, added.link_type);
    std::size_t option = at + 16;
    const std::size_t end = at + size - 4;
    while (option + 4 <= end) {
      const std::uint16_t code = half(file_, option, big), length = half(file_, option + 2, big);
      if (code == 0) break;
      if (code == 9 && length >= 1 && option + 4 < end) {  // if_tsresol
        const std::uint8_t resolution = file_[option + 4];
        added.ticks_per_s = 1;
        for (int i = 0; i < (resolution & 0x7F) && added.ticks_per_s < 1'000'000'000'000; ++i) {
          added.ticks_per_s *= (resolution & 0x80) != 0 ? 2 : 10;
        }
      }
      option += 4 + (length + 3u) / 4 * 4;
    }
    interfaces_.push_back(added);
  }

  void read_enhanced(std::size_t at, std::uint32_t size, bool big) {
    const std::uint32_t index = word(file_, at + 8, big);
    const std::uint32_t captured = word(file_, at + 20, big);
    if (index >= interfaces_.size() || captured > size - 32)
      return remark(at, "a packet that does not fit its block");
    const Interface& interface = interfaces_[index];
    if (!interface.known) return;
    const std::uint64_t ticks =
        std::uint64_t{word(file_, at + 12, big)} << 32 | word(file_, at + 16, big);
    const auto per_s = static_cast<std::uint64_t>(interface.ticks_per_s);
    const std::uint64_t time_us = ticks / per_s * 1'000'000 + ticks % per_s * 1'000'000 / per_s;
    packet(at + 28, interface.link_type, static_cast<std::int64_t>(time_us), captured);
  }

  ByteView file_;
  Capture out_;
  Assembler assembler_{out_};
  std::vector<Interface> interfaces_;
};

}  // namespace

bool looks_like_capture(ByteView bytes) {
  if (bytes.size() < 4) return false;
  for (const bool big : {true, false}) {
    const std::uint32_t magic = word(bytes, 0, big);
    if (magic == kMicroMagic || magic == kNanoMagic || magic == kSection) return true;
  }
  return false;
}

Result<Capture> read_capture(ByteView bytes) {
  if (!looks_like_capture(bytes))
    return make_error(ErrorCode::kMalformed, "no capture: the magic number is missing");
  return Reader(bytes).read();
}

}  // namespace amity::pcap
