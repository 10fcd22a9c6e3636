// Every limit of the head-end, by name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::headend {

inline constexpr std::size_t kConversationsMaxDefault = 400;   // in flight per head-end instance
inline constexpr std::size_t kSegmentConversationsDefault = 8;  // in flight behind one concentrator or cell
inline constexpr std::uint32_t kOwnCounterBatch = 1'000;        // invocation counters reserved at once
inline constexpr std::uint32_t kOwnCounterHeadroom = 256;       // a conversation starts with at least as many reserved
inline constexpr std::uint32_t kRestoreSkip = 1u << 24;         // own counters skipped after a restore from backup
inline constexpr std::uint32_t kCounterWarnAt = 0xF000'0000;    // rekey is due: an event
inline constexpr std::uint32_t kCounterLast = 0xFFFF'FF00;      // own counters end here: an error
inline constexpr std::uint32_t kProfileRowsPerRead = 96;        // rows asked for in one range
inline constexpr std::uint32_t kProfileRowsMax = 100'000;       // rows accepted in one answer
inline constexpr std::uint32_t kProfileColumnsMax = 64;
inline constexpr std::size_t kMbusValuesMax = 16;  // of one device behind an electricity meter
inline constexpr std::uint32_t kEventRowsMax = 5'000;           // rows accepted in one event log answer
inline constexpr std::size_t kCommandsQueuedMax = 10'000;       // waiting on-demand commands per instance
inline constexpr unsigned kSecurityFailuresMax = 3;             // in a row: locked out, alarm
inline constexpr std::int64_t kLockoutPause_s = 6 * 3'600;
inline constexpr std::int64_t kBackoffFirst_s = 30;
inline constexpr std::int64_t kBackoffMax_s = 3'600;
inline constexpr std::size_t kPushConnectionsMax = 2'000;
inline constexpr std::size_t kPushBufferedMax = 64 * 1024;      // bytes of an unfinished push per connection
inline constexpr std::int64_t kPushFrameTimeout_ms = 10'000;    // from its first byte to its last
inline constexpr std::int64_t kPushIdleTimeout_ms = 120'000;
inline constexpr std::int64_t kConnectTimeout_ms = 10'000;
inline constexpr std::int64_t kReplyTimeout_ms = 30'000;
inline constexpr std::int64_t kConversationTimeout_ms = 600'000;
inline constexpr std::uint32_t kWakePeriodMax_s = 31 * 86'400;  // of a sleeping meter
inline constexpr std::uint32_t kHopsMax = 64;  // of a path, as PRIME has levels
inline constexpr std::int64_t kDutyWindow_s = 3'600;  // a duty cycle is counted over so long
inline constexpr std::int64_t kIdleConnection_ms =
    5'000;  // a shared connection without work is kept so long
inline constexpr std::int64_t kModbusAnswer_ms = 2'000;
inline constexpr std::int64_t kMbusAnswer_ms = 1'500;  // of a meter behind a gateway
inline constexpr std::size_t kTelegramsHeardMax = 8;   // of a stream, that nobody took yet
inline constexpr std::size_t kHeardMetersMax = 10'000;  // heard and not registered
inline constexpr std::size_t kNumberTailMin = 6;  // characters of a number that stand for all of it
inline constexpr std::size_t kChannelsPerDeviceMax = 500;   // made from reports
inline constexpr std::size_t kEventsRememberedMax = 500;    // of one device, so that none is told twice
inline constexpr std::int64_t kClockAhead_s = 900;  // a meter's clock may be ahead of ours
// A report whose own time is further from ours is dated by ours, with a remark.
inline constexpr std::int64_t kFrameTimeApartMax_s = 86'400;

}  // namespace amity::headend
