#include "session/dlms/general_blocks.h"

#include <fmt/core.h>

#include <algorithm>

namespace amity::dlms {
namespace {

constexpr std::uint32_t kBlocksMax = 0xFFFF;  // the block number has 16 bits

}  // namespace

void GeneralBlockSender::start(Bytes apdu, std::size_t block_bytes, std::uint8_t window,
                               std::uint8_t own_window, std::uint16_t received) {
  AMITY_ASSERT(block_bytes > 0);
  apdu_ = std::move(apdu);
  block_bytes_ = std::max(block_bytes, apdu_.size() / kBlocksMax + 1);
  window_ = std::max<std::uint8_t>(window, 1);
  own_window_ = own_window;
  acknowledged_ = 0;
  received_ = received;
  rewind_burst();
}

bool GeneralBlockSender::next_block(Bytes& out) {
  if (!active() || burst_left_ == 0 || next_ > block_count()) return false;
  const std::size_t at = (next_ - 1) * block_bytes_;
  GeneralBlockTransfer block;
  block.last_block = next_ == block_count();
  --burst_left_;
  block.streaming = !block.last_block && burst_left_ > 0;
  block.window = own_window_;
  block.block_number = static_cast<std::uint16_t>(next_);
  block.acknowledged = received_;
  block.data = ByteView(apdu_).subspan(at, std::min(block_bytes_, apdu_.size() - at));
  encode(block, out);
  ++next_;
  return true;
}

Status GeneralBlockSender::on_acknowledge(std::uint16_t acknowledged, std::uint8_t window) {
  if (!active()) return {};
  if (acknowledged < acknowledged_ || acknowledged >= next_) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("block {} acknowledged, {} to {} are possible", acknowledged,
                                  acknowledged_, next_ - 1));
  }
  acknowledged_ = acknowledged;
  if (window > 0) window_ = window;
  if (acknowledged_ == block_count()) {
    clear();
  } else {
    rewind_burst();
  }
  return {};
}

void GeneralBlockSender::clear() {
  apdu_ = Bytes();
  burst_left_ = 0;
}

Result<GeneralBlockReceiver::Outcome> GeneralBlockReceiver::on_block(
    const GeneralBlockTransfer& block) {
  if (block.block_number == received_ + 1) {
    if (apdu_.size() + block.data.size() > limit_) {
      clear();
      return make_error(ErrorCode::kLimit,
                        fmt::format("an APDU in blocks is longer than {} bytes", limit_));
    }
    append(apdu_, block.data);
    ++received_;
    if (block.last_block) return Outcome::kComplete;
  }
  // A gap or a repeated block: what is missing is asked for at the end of the burst.
  return block.streaming ? Outcome::kMore : Outcome::kAcknowledge;
}

void GeneralBlockReceiver::acknowledgement(std::uint8_t own_window, Bytes& out) {
  GeneralBlockTransfer block;
  block.window = own_window;
  block.block_number = ++acknowledgements_;
  block.acknowledged = static_cast<std::uint16_t>(received_);
  encode(block, out);
}

Bytes GeneralBlockReceiver::take() {
  Bytes apdu = std::move(apdu_);
  clear();
  return apdu;
}

void GeneralBlockReceiver::clear() {
  apdu_ = Bytes();
  received_ = 0;
  acknowledgements_ = 0;
}

}  // namespace amity::dlms
