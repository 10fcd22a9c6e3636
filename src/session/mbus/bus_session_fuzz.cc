// Whatever a line delivers: operations end, events and memory stay bounded, a slave answers frames
// alone.
#include "session/mbus/master.h"
#include "session/mbus/slave.h"

using namespace amity;

namespace {

struct TwoTelegrams : mbus::Readout {
  std::size_t telegrams() override { return 2; }
  void telegram(std::size_t index, std::uint8_t access_number, Bytes& out) override {
    out = *from_hex("72785634129305010700000000041301000000");
    out[9] = access_number;
    if (index == 0) out.push_back(0x1F);
  }
};

void start(mbus::Master& master, std::uint8_t what) {
  const Instant now{0};
  const auto target =
      what & 0x80 ? mbus::Target::selected(mbus::kAnyMeter) : mbus::Target::primary(1);
  Status status;
  switch (what % 4) {
    case 0:
      status = master.read(target, now);
      break;
    case 1:
      status = master.scan_primary(1, 3, now);
      break;
    case 2:
      status = master.scan_secondary(mbus::kAnyMeter, now);
      break;
    default:
      status = master.set_baud(target, 2'400, now);
  }
  AMITY_ASSERT(status.ok());
}

}  // namespace

// First byte: the operation. Then pieces: a size, and that many bytes from the line; size 0:
// silence.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  mbus::Master master;
  TwoTelegrams readout;
  mbus::Slave slave({1, {0x0593, 0x12345678, 1, 7}}, &readout);
  start(master, data[0]);
  Instant now{0};
  Bytes out;
  for (ByteView rest(data + 1, size - 1); !rest.empty();) {
    const std::size_t piece = std::min<std::size_t>(rest[0], rest.size() - 1);
    if (piece == 0) {
      if (const auto next = master.next_timeout()) now = std::max(now, *next);
      if (const auto next = slave.next_timeout()) now = std::max(now, *next);
      master.on_timer(now);
      slave.on_timer(now);
    }
    master.on_bytes(rest.subspan(1, piece), now);
    slave.on_bytes(rest.subspan(1, piece), now);
    rest = rest.subspan(1 + piece);
    while (slave.poll_output(out)) {
      AMITY_ASSERT(out.size() <= 4096 * mbus::kWiredFrameBytesMax);
    }
    while (slave.poll_event()) {
    }
    while (master.poll_output(out)) AMITY_ASSERT(mbus::next_wired_frame(out).ok());
  }
  // Silence ends every operation.
  for (int i = 0; i < 100'000 && master.busy(); ++i) {
    AMITY_ASSERT(master.next_timeout().has_value());
    master.on_timer(*master.next_timeout());
    while (master.poll_output(out)) {
    }
    while (master.poll_event()) {
    }
  }
  AMITY_ASSERT(!master.busy());
  return 0;
}
