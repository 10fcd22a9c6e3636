// Every limit of the edge, by name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::edge {

// Messages.
inline constexpr std::uint16_t kProtocol = 3;
inline constexpr std::uint16_t kProtocolOldest = 1;        // of edges that a server still takes
inline constexpr std::uint16_t kProtocolOrders = 2;        // from here on commands are understood
inline constexpr std::uint16_t kProtocolClock = 3;         // an edge's status says its time
inline constexpr std::size_t kMessageBytesMax = 1u << 20;  // of one message, without its length
inline constexpr std::size_t kNameBytesMax = 256;          // names, versions, targets
inline constexpr std::size_t kReasonBytesMax = 4'096;
inline constexpr std::size_t kConfigurationBytesMax = 512u << 10;
inline constexpr std::size_t kPieceBytesMax = 64u << 10;  // of a program under way
inline constexpr std::size_t kManifestBytesMax = 2'048;

// Batches.
inline constexpr std::size_t kBatchBytesMax = 512u << 10;
inline constexpr std::size_t kReadingsPerBatchMax = 2'000;
inline constexpr std::size_t kEventsPerBatchMax = 500;
inline constexpr std::size_t kDevicesPerBatchMax = 1'000;
inline constexpr std::size_t kChannelsPerBatchMax = 10'000;

// The buffer on disk.
inline constexpr std::size_t kSegmentBytesTarget = 1u << 20;  // a new file is begun beyond
inline constexpr std::uint64_t kBufferBytesDefault = 256u << 20;
inline constexpr std::uint64_t kBufferReserveBytes = 256u << 10;  // for events: that it is full

// What is remembered of what was taken.
inline constexpr std::size_t kRunsPerChannelMax = 200;  // of times without a hole

// The uplink.
inline constexpr std::size_t kBatchesInFlightMax = 64;
inline constexpr std::size_t kBytesInFlightMax = 256u << 10;  // a batch beyond goes alone
inline constexpr std::int64_t kConnectTimeout_ms = 15'000;
inline constexpr std::int64_t kHelloTimeout_ms = 15'000;  // from the connection to its hello
inline constexpr std::int64_t kStatusEvery_ms = 30'000;
inline constexpr std::int64_t kSilenceMax_ms = 100'000;  // without a word the peer is gone
inline constexpr std::int64_t kRetryFirst_ms = 1'000;
inline constexpr std::int64_t kRetryMax_ms = 60'000;

// Programs.
inline constexpr std::uint64_t kProgramBytesMax = 512u << 20;
inline constexpr std::uint32_t kTrialStartsMax =
    3;  // of a program that has not reached the server yet

// The server.
inline constexpr std::size_t kConnectionsMax = 5'000;
inline constexpr std::size_t kDevicesPerEdgeMax = 1'000;
inline constexpr std::int64_t kConfigurationsEvery_ms = 3'000;  // their files are looked at
inline constexpr std::size_t kFactsPerScan = 1'000;             // of the journal, after a start
inline constexpr std::size_t kPutAsidePerEdgeMax = 1'000;       // batches; beyond: its queue stands

// Commands.
inline constexpr std::size_t kOrdersPerEdgeMax = 1'000;
inline constexpr std::size_t kOrdersKeptMax = 500;         // at the edge, settled ones
inline constexpr std::size_t kOrdersBytesMax = 4u << 20;   // likewise, as they are stored
inline constexpr std::size_t kSettledMax = 10'000;         // remembered by the server
inline constexpr std::uint64_t kSettledScanMax = 100'000;  // facts to be read after a start
inline constexpr std::int64_t kSettledEvery_ms = 1'000;
inline constexpr std::int64_t kOrdersEvery_ms = 1'000;    // their deadlines are looked at
inline constexpr std::int64_t kOrderAnswerMax_s = 1'800;  // after the deadline: then nobody knows
inline constexpr std::size_t kArgumentBytesMax = 256;

}  // namespace amity::edge
