// Limits of the API server.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::api {

inline constexpr std::size_t kPipelineBytesMax =
    512 * 1024;  // received while earlier requests are being answered
inline constexpr std::size_t kSendHighWaterBytes =
    256 * 1024;  // streaming answers wait beyond this
inline constexpr int kPiecesPerTurn = 4;
inline constexpr std::size_t kExportPieceBytes = 32 * 1024;
inline constexpr std::int64_t kExportSpanMaxS = 3700 * 86'400LL;
inline constexpr std::size_t kWorkerQueueMax = 1024;
inline constexpr std::size_t kPasswordQueueMax = 32;
inline constexpr int kPasswordThreads = 2;

inline constexpr std::int64_t kSessionIdleS = 12 * 3600;
inline constexpr std::int64_t kSessionAgeMaxS = 7 * 86'400;
inline constexpr std::int64_t kSessionTouchS = 600;  // how often use is written down
inline constexpr std::size_t kAuthCacheMax = 10'000;
inline constexpr std::size_t kPasswordBytesMin = 10, kPasswordBytesMax = 256;
inline constexpr std::size_t kNameBytesMax = 64;

inline constexpr std::size_t kThrottleEntriesMax = 100'000;
inline constexpr int kThrottleFreeFailures = 5;
inline constexpr std::int64_t kThrottleForgetS = 15 * 60;
inline constexpr std::int64_t kThrottleDelayMaxS = 15 * 60;
inline constexpr std::size_t kBucketsMax = 100'000;

inline constexpr std::size_t kPageDefault = 100, kPageMax = 500;
// Of the newest events or commands, looked through for those that a filter lets pass.
inline constexpr std::size_t kFilteredMax = 20 * kPageMax;
inline constexpr std::int64_t kReadingSpanMaxS = 400 * 86'400LL;
inline constexpr std::int64_t kRawPointsMax = 200'000;  // of one answer, all series
inline constexpr std::int64_t kVeeDaysMax = 400;   // of one channel in one answer
inline constexpr std::int64_t kHistorySpanMaxS = 62 * 86'400LL;
inline constexpr std::size_t kEditItemsMax = 1'000;  // values or days of one edit
inline constexpr std::size_t kReasonBytesMax = 1'000;
inline constexpr std::int64_t kCompletenessColumnsMax = 1000;
inline constexpr std::size_t kNeighboursMax = 50;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 128;
inline constexpr std::int64_t kDirectoryRefreshS = 30;
inline constexpr std::int64_t kChannelCacheMs = 2000;
inline constexpr std::size_t kChannelCacheMax = 20'000;

inline constexpr std::size_t kStreamClientsMax = 1000;  // per thread
inline constexpr std::size_t kStreamQueueBytesMax = 256 * 1024;
inline constexpr std::size_t kFeedEntriesPerTick = 512;
inline constexpr std::uint64_t kFeedBehindMax =
    50'000;  // facts; further behind, the feed skips and says so
inline constexpr std::int64_t kFeedTickMs = 150;
inline constexpr std::int64_t kHeartbeatMs = 10'000;
inline constexpr std::int64_t kOverviewEveryMs = 2000;

}  // namespace amity::api
