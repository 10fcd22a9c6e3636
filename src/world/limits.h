// Every queue, list and size of the simulated world that could grow.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace amity::world {

inline constexpr int kStepsPerDay = 96;           // the homes are computed in quarters of an hour
inline constexpr std::uint32_t kStepSeconds = 900;

inline constexpr std::size_t kReplayHomesMax = 1'000;
inline constexpr std::size_t kReplayRowsPerHomeMax = 200'000;
inline constexpr std::size_t kReplayFileBytesMax = 512u << 20;  // uncompressed
inline constexpr std::size_t kReplayLineMax = 128;

inline constexpr std::size_t kMetersMax = 250'000;

inline constexpr std::size_t kDaysCached = 512;         // computed home-days kept per fleet, 1.6 kB each
inline constexpr std::size_t kWeatherDaysCached = 512;  // 1.5 kB each

// Of one meter.
inline constexpr std::int32_t kCheckpointDays = 16;     // register totals are kept every so many days
inline constexpr std::int32_t kProfileDays = 62;        // capacity of the load profile
inline constexpr std::int32_t kBillingDays = 62;        // capacity of the daily billing profile
inline constexpr std::int32_t kLogDays = 40;            // how far back an event log reaches
inline constexpr std::size_t kLogEntriesMax = 100;      // capacity of an event log
inline constexpr std::size_t kOwnEventsMax = 64;        // of what happened to this meter apart from the plan
inline constexpr std::size_t kClockEpochsMax = 16;      // settings and jumps of the clock that moved intervals
inline constexpr std::size_t kCurbsMax = 64;            // disconnections and limitations ever
inline constexpr std::uint32_t kImageBytesMax = 2u << 20;
inline constexpr std::uint32_t kImageBlockBytes = 256;
// one written attribute that is only kept (calendar, push setup)
inline constexpr std::size_t kSettingBytesMax = 4'096;

// Of one meter that speaks C12.22.
inline constexpr std::int64_t kC12Blocks = 24 * 16;        // hours of its load profile
inline constexpr std::size_t kC12Events = 60;              // entries of its event log
inline constexpr std::uint32_t kC12MessagesMax = 1u << 12; // of one connection: ivs set aside

inline constexpr std::size_t kIecRowsMax = 2'000;           // of one answer with a load profile (P.01)
inline constexpr std::chrono::seconds kTelegramFirst{1}, kTelegramEvery{10};  // of SML and P1

// Of a fleet on a network.
inline constexpr std::size_t kConnectionsMax = 120'000;      // accepted and not closed; more are dropped at once
inline constexpr std::size_t kConcentratorSessionsMax = 512; // meters spoken to on one connection of a concentrator
inline constexpr std::size_t kPushesInFlightMax = 256;       // connections to the push target
inline constexpr std::uint32_t kBusMeters = 20;              // on one wired M-Bus
inline constexpr std::uint32_t kStgMeters = 50;              // behind one concentrator that delivers STG reports
inline constexpr std::uint32_t kCollectorMeters = 50;        // radio meters that one collector hears
inline constexpr std::size_t kCollectorQueueMax = 2'000;     // telegrams kept while the uplink is gone
inline constexpr std::chrono::seconds kCollectorRetry{5};
inline constexpr std::size_t kPushRowsMax = 96;              // rows of one push

}  // namespace amity::world
