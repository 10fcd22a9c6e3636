// A new image for a meter: Image transfer (class 18, IEC 62056-6-2), enable, initiate, blocks, what is missing,
// verify, activate. An interrupted transfer goes on from the blocks the meter has.
#pragma once

#include <functional>
#include <string>

#include "headend/device_link.h"

namespace amity::headend {

inline constexpr std::uint32_t kImageBlockBytesMax = 16 * 1024;
inline constexpr std::uint32_t kImageBlocksMax = 1'000'000;
inline constexpr unsigned kImageRoundsMax = 5;      // of sending again what the meter says it misses
inline constexpr unsigned kImagePollsMax = 120;     // of a verification or activation that takes its time

struct ImageTransfer {
  dlms::Obis object{0, 0, 44, 0, 0, 255};
  Bytes identification;  // of the image, 1 to 64 bytes
  Bytes image;
  // An earlier transfer of this very image was interrupted: what the meter has is not sent again. The meter does
  // not say of which image its blocks are; verification does.
  bool resume = false;
  bool activate = true;
  Duration poll_pause = std::chrono::seconds(5);
};

struct ImageOutcome {
  enum class State : std::uint8_t {
    kVerified,    // not to be activated yet
    kActivated,
    kActivating,  // begun; the meter does not answer, as it restarts, or takes longer than we wait
  };
  State state = State::kVerified;
  std::uint32_t blocks = 0, blocks_sent = 0;
  std::string signature_hex;  // image_to_activate_info, as the meter computed it
};

// Awaits the whole transfer on a link that is connected and allowed to write. An error says what happened and whether
// the blocks so far are of use: "resume" is possible after every error but a refused verification. `progress` is
// called with blocks done and in all.
Task<Result<ImageOutcome>> transfer_image(Runtime runtime, DeviceLink& link, ImageTransfer transfer,
                                          std::function<void(std::uint32_t, std::uint32_t)> progress);

}  // namespace amity::headend
