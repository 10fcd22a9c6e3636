#include "headend/bearer.h"

#include "headend/limits.h"

namespace amity::headend {

namespace {

constexpr std::uint32_t kHour_s = 3'600;

// Narrow-band power line (G3: EN/ITU-T G.9903, PRIME: G.9904) and radio meshes share their medium
// among hundreds of meters and hop; 868 MHz radio may be on the air 1 % of the time (ERC/REC
// 70-03); cellular bearers answer late where coverage is poor and cost by the byte.
constexpr Bearer kBearers[] = {
    {"ip", kConnectTimeout_ms, kReplyTimeout_ms, kConversationTimeout_ms},
    {"g3-plc", 30'000, 45'000, 1'200'000, 1'024, 24, 4, 2, 1'000, 0, kHour_s, 0, 6'000},
    {"prime", 30'000, 45'000, 1'200'000, 512, 24, 3, 1, 1'000, 0, kHour_s, 0, 6'000},
    {"wi-sun", 20'000, 30'000, 900'000, 1'024, 48, 8, 5, 1'000, 0, kHour_s, 0, 3'000},
    {"rf-mesh", 30'000, 60'000, 1'200'000, 256, 12, 4, 2, 10, 2'000, 4 * kHour_s, 0, 8'000},
    {"nb-iot", 60'000, 60'000, 900'000, 1'024, 96, 20, 5, 1'000, 0, 6 * kHour_s},
    {"lte-m", 20'000, 30'000, 600'000, 0, 96, 40, 20, 1'000, 0, kHour_s},
    {"gprs", 60'000, 45'000, 900'000, 1'024, 96, 20, 5, 1'000, 0, 4 * kHour_s},
};

}  // namespace

const Bearer* find_bearer(std::string_view name) {
  for (const Bearer& bearer : kBearers) {
    if (bearer.name == name) return &bearer;
  }
  return nullptr;
}

std::span<const Bearer> bearers() {
  return kBearers;
}

Result<Bearer> Bearer::over(std::uint32_t hop_count) const {
  if (hop_ms == 0)
    return make_error(ErrorCode::kInvalid, "bearer " + std::string(name) + " has no hops");
  if (hop_count < 1 || hop_count > kHopsMax)
    return make_error(ErrorCode::kInvalid, "a path has 1 to " + std::to_string(kHopsMax) + " hops");
  Bearer far = *this;
  const std::int64_t longer_ms = hop_ms * (hop_count - 1);
  far.hops = hop_count;
  far.connect_timeout_ms += longer_ms;
  far.reply_timeout_ms += longer_ms;
  if (line_answer_ms != 0) far.line_answer_ms += longer_ms;
  // As many answers fit into a conversation as before.
  far.conversation_timeout_ms = conversation_timeout_ms * far.reply_timeout_ms / reply_timeout_ms;
  return far;
}

bool WakeWindow::awake(UtcSeconds at) const {
  return next(at) == at;
}

UtcSeconds WakeWindow::next(UtcSeconds at) const {
  if (always()) return at;
  const std::int64_t period = period_s;
  const std::int64_t since = ((at.value - offset_s) % period + period) % period;
  return since < length_s ? at : at + (period - since);
}

}  // namespace amity::headend
