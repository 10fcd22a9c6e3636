// The load profile of C12.19 (ST61 to ST64): blocks of intervals in a ring, of which only those are
// read that hold missing rows, the oldest first.
#include <algorithm>

#include "headend/c12_driver.h"
#include "headend/limits.h"
#include "headend/local_time.h"

namespace amity::headend {

namespace {

constexpr std::uint16_t kActual = 61, kControl = 62, kStatus = 63, kData = 64;
constexpr std::uint32_t kBlockHeadBytes = 8;  // holds the block's end time in every time format
constexpr int kStatusAttempts = 3;

std::uint32_t number_of(const c12::Item& item) {
  return static_cast<std::uint32_t>(item.value.number.value);
}

// Of one block: what an encoder makes of nothing.
Result<std::uint32_t> block_size(c12::TableContext context) {
  context.set(c12::Var::kBlocks1, 1);
  Bytes block;
  const c12::Feed blank = [](const c12::Item& item) -> Result<c12::Value> {
    c12::Value value = c12::number(0);
    const c12::Type type = item.field().type;
    if (type == c12::Type::kSet || type == c12::Type::kBinary || type == c12::Type::kText)
      value.kind = c12::Value::Kind::kBytes;
    if (type == c12::Type::kShortTime || type == c12::Type::kLongTime)
      value.kind = c12::Value::Kind::kTime;
    return value;
  };
  AMITY_CHECK(c12::encode_table(kData, context, blank, block));
  return static_cast<std::uint32_t>(block.size());
}

}  // namespace

Status C12Driver::learn_status(ByteView st63, Profile& profile) const {
  c12::TableContext context = tables_.context;
  c12::TableData data;
  AMITY_CHECK(c12::decode_table(kStatus, st63, 0, true, context, data));
  for (const c12::Item& item : data.items) {
    if (item.path[0].field->name != std::string_view("SET1")) continue;
    const std::string_view name = item.field().name;
    if (name == "LP_SET_STATUS_FLAGS") profile.descending = c12::bits_of(item, "ORDER") != 0;
    if (name == "NBR_VALID_BLOCKS") profile.valid = number_of(item);
    if (name == "LAST_BLOCK_ELEMENT") profile.newest = number_of(item);
  }
  const bool sound = profile.newest < profile.blocks && profile.valid <= profile.blocks;
  if (!sound) return make_error(ErrorCode::kMalformed, "ST63 points outside of ST64");
  return {};
}

Task<Result<C12Driver::Profile>> C12Driver::profile() {
  static constexpr std::uint16_t kDimensions[] = {11, 12, 16, kActual, kControl};
  wire::Report report = blank();
  AMITY_CO_CHECK(co_await read_tables(kDimensions, report));
  const c12::TableContext& context = tables_.context;
  Profile profile;
  profile.blocks = context.get(c12::Var::kBlocks1).value_or(0);
  profile.intervals = context.get(c12::Var::kIntervals1).value_or(0);
  profile.period_s = context.get(c12::Var::kMinutes1).value_or(0) * 60;
  if (profile.blocks == 0 || profile.intervals == 0 || profile.period_s == 0)
    co_return make_error(ErrorCode::kNotFound, "the meter keeps no load profile");
  AMITY_CO_TRY(profile.block_bytes, block_size(context));
  AMITY_CO_TRY(const Bytes status, co_await table(kStatus));
  tables_.add(kStatus, status, 0, true, report);
  AMITY_CO_CHECK(learn_status(status, profile));
  co_return profile;
}

// Two blocks of a repeated hour end with the same wall clock: the older one in the hour before.
Task<Result<UtcSeconds>> C12Driver::block_end(const Profile& profile, std::uint32_t element,
                                              std::optional<UtcSeconds> newer) {
  const std::uint32_t offset = element * profile.block_bytes;
  const std::uint32_t count = std::min(kBlockHeadBytes, profile.block_bytes);
  AMITY_CO_TRY(const Bytes head, co_await part(kData, offset, count));
  c12::TableContext context = tables_.context;
  c12::TableData data;
  (void)c12::decode_table(kData, head, offset, false, context,
                          data);  // it is cut: only its time counts
  for (const c12::Item& item : data.items) {
    if (item.field().role != c12::Role::kBlockEnd) continue;
    const wire::MeterTime& time = item.value.time;
    const auto end = utc_of(time, clock_zone(), utc());
    if (!end) continue;
    const bool before = !newer || *end < *newer;
    co_return before ? *end : other_hour(time, clock_zone()).value_or(*end);
  }
  co_return make_error(ErrorCode::kMalformed,
                       "block " + std::to_string(element) + " of ST64 has no end time");
}

// Ascending, from the one that holds the first interval after `after`.
Task<Result<std::vector<C12Driver::Block>>> C12Driver::blocks_since(const Profile& profile,
                                                                    UtcSeconds after) {
  std::vector<Block> blocks;
  for (std::uint32_t back = 0; back < profile.valid; ++back) {
    const std::uint32_t element = profile.element(back);
    const auto newer = blocks.empty() ? std::nullopt : std::optional(blocks.back().end);
    AMITY_CO_TRY(const UtcSeconds end, co_await block_end(profile, element, newer));
    if (end <= after) break;
    if (!blocks.empty() && end >= blocks.back().end)
      co_return make_error(ErrorCode::kMalformed, "the blocks of ST64 are not in order");
    blocks.push_back({element, end});
  }
  std::reverse(blocks.begin(), blocks.end());
  co_return blocks;
}

Task<Status> C12Driver::read_block(Profile& profile, const Block& block, TimeRange range) {
  Bytes bytes;
  // The newest block fills while it is read: its state must be the same before and after.
  for (int attempt = 0;; ++attempt) {
    AMITY_CO_TRY(const Bytes before, co_await table(kStatus));
    AMITY_CO_TRY(bytes,
                 co_await part(kData, block.element * profile.block_bytes, profile.block_bytes));
    if (block.element != profile.newest) break;
    AMITY_CO_TRY(const Bytes after, co_await table(kStatus));
    wire::Report ignored = blank();
    tables_.add(kStatus, after, 0, true, ignored);
    AMITY_CO_CHECK(learn_status(after, profile));
    if (before == after) break;
    if (attempt >= kStatusAttempts)
      co_return make_error(ErrorCode::kBusy, "the load profile changes while it is read");
  }
  wire::Report report = blank();
  tables_.add(kData, bytes, block.element * profile.block_bytes, false, report);
  std::erase_if(report.readings, [](const wire::Reading& r) { return r.kind != "interval"; });
  pin_offset(report.readings, clock_zone(), block.end, Anchor::kNewest);
  report.meter = identity_;
  TakeOptions with = options();
  with.interval_s = profile.period_s;
  co_return take(report, with, &range);
}

Task<Status> C12Driver::read_profile(Progress progress) {
  if (!used(kData) || !used(kStatus)) co_return Status{};
  auto found = co_await profile();
  if (!found.ok() && found.error().code == ErrorCode::kNotFound) co_return Status{};
  if (!found.ok()) co_return std::move(found).error();
  Profile profile = *found;
  const std::vector<TimeRange> ranges = missing(profile.period_s);
  if (ranges.empty() || profile.valid == 0) co_return Status{};
  AMITY_CO_TRY(const auto blocks, co_await blocks_since(profile, ranges.front().after));
  UtcSeconds before = ranges.front().after;  // the end of the block before
  std::size_t done = 0;
  for (const Block& block : blocks) {
    for (const TimeRange& range : ranges) {
      const TimeRange here{std::max(range.after, before), std::min(range.until, block.end)};
      if (here.until <= here.after) continue;
      AMITY_CO_CHECK(co_await read_block(profile, block, here));
      AMITY_CO_CHECK(co_await deliver());
      answered(here, here.until, profile.period_s);
    }
    before = block.end;
    ++done;
    if (progress)
      progress("reading the load profile " + std::to_string(done) + "/" +
               std::to_string(blocks.size()));
  }
  co_return Status{};
}

}  // namespace amity::headend
