// Every queue, record and allocation of the room has its bound here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::store {

// Journal.
inline constexpr std::size_t kJournalQueueBytesMax = 64u << 20;   // waiting for the next commit; beyond: kBusy
inline constexpr std::size_t kJournalQueueFactsMax = 1u << 20;
inline constexpr std::size_t kFactBytesMax = 16u << 20;           // one encoded fact
inline constexpr std::size_t kReadingsPerFactMax = 1u << 20;
inline constexpr std::size_t kEventsPerFactMax = 1u << 16;
inline constexpr std::size_t kFactTextBytesMax = 64u << 10;       // any one text in a fact
inline constexpr std::size_t kRecordBytesTarget = 64u << 10;      // facts share a record up to here
inline constexpr std::size_t kRecordFactsMax = 1u << 16;
inline constexpr std::size_t kReplayBatchFacts = 4096;

// Readings.
inline constexpr std::size_t kChannelsPerGroup = 64;        // neighbours that share pages in memory
inline constexpr std::size_t kMinutesPerDay = 1440;
inline constexpr std::uint32_t kChannelIdMax = 1u << 26;    // dense ids: more is a mistake
inline constexpr std::size_t kReadingsPerBlockMax = 86'400;  // one a second
inline constexpr std::size_t kVersionsPerReadingMax = 64;   // older raw versions kept of one reading
inline constexpr std::size_t kBlockBytesMax = 4u << 20;
// Beyond this much memory of changed readings a checkpoint is due; beyond the second, unchanged days are dropped.
inline constexpr std::size_t kDirtyBytesMax = 128u << 20;
inline constexpr std::size_t kResidentBytesMax = 512u << 20;
// A checkpoint is also due after so many facts, to bound what a recovery replays.
inline constexpr std::uint64_t kFactsPerCheckpointMax = 8'000'000;
inline constexpr std::int32_t kDaysPerReadMax = 366 * 20;
inline constexpr std::uint32_t kGroupsPerScan = 128;         // read with one cursor of the store below

// Events.
inline constexpr std::size_t kEventsPerPageMax = 100'000;

// Final values.
inline constexpr std::size_t kSlotsPerFinalDayMax = 1'530;        // 25 h and a half of minutes
inline constexpr std::size_t kFindingsPerDayMax = 64;
inline constexpr std::size_t kDecisionsPerDayMax = 1'000;         // versions of one channel's day
inline constexpr std::size_t kFinalDayBytesMax = 4u << 20;
inline constexpr std::size_t kEditValuesMax = 4'000;
inline constexpr std::size_t kEditDaysMax = 4'000;
inline constexpr std::size_t kEditsPerPageMax = 1'000;

// Registry.
inline constexpr std::size_t kDevicesPerPageMax = 1'000;
inline constexpr std::size_t kCommandsPerPageMax = 10'000;
inline constexpr std::size_t kSearchWordsMax = 8;
inline constexpr std::size_t kStatementsPerPageMax = 10'000;
inline constexpr std::uint64_t kHoldReasonsMax = 100;
inline constexpr std::uint64_t kCommandIdsReserved = 64;         // taken from disk at a time
inline constexpr std::uint64_t kCommandIdsSkippedOnRestore = 1'000'000;

}  // namespace amity::store
