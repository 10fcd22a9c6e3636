// What an edge and its server say to each other over TLS (docs/formats/edge.md). Each message is a
// length of four bytes, a type and a body. Sans-I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "model/command.h"

namespace amity::edge {

using Sequence = std::uint64_t;                 // of a batch: 1, 2, 3, ...; 0: before the first
using BufferId = std::array<std::uint8_t, 16>;  // drawn when a buffer is made
using Digest = std::array<std::uint8_t, 32>;    // SHA-256

// edge -> server, first.
struct Hello {
  std::uint16_t protocol = 0;
  BufferId buffer{};
  Sequence first = 0;               // the oldest batch kept; last + 1 where none is
  Sequence last = 0;                // the newest one that is durable
  std::uint64_t configuration = 0;  // the version in use; 0: its own
  std::string version, target;      // of the program: "0.9.0", "x86_64-linux"
  friend bool operator==(const Hello&, const Hello&) = default;
};
// server -> edge, in answer.
struct Welcome {
  std::uint16_t protocol = 0;
  Sequence acknowledged = 0;  // all batches up to this one are durable
  std::int64_t time = 0;      // of the server, UTC seconds
  friend bool operator==(const Welcome&, const Welcome&) = default;
};
// Either way, before closing.
struct Refused {
  std::string reason;
  friend bool operator==(const Refused&, const Refused&) = default;
};
// edge -> server. `body` is a Batch (batch.h).
struct BatchSent {
  Sequence sequence = 0;
  Bytes body;
  friend bool operator==(const BatchSent&, const BatchSent&) = default;
};
// server -> edge: all batches up to `sequence` are durable.
struct Acknowledged {
  Sequence sequence = 0;
  friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};
// edge -> server, every half minute; answered with Acknowledged.
struct EdgeStatus {
  std::uint64_t buffered_bytes = 0, buffered_batches = 0;
  std::uint32_t resident_kib = 0, meters = 0, meters_failing = 0;
  std::optional<std::int64_t> time_ms = {};  // the edge's, UTC, when it said so; from protocol 3 on
  friend bool operator==(const EdgeStatus&, const EdgeStatus&) = default;
};
// server -> edge.
struct ConfigurationOffer {
  std::uint64_t version = 0;
  std::string text;  // TOML
  friend bool operator==(const ConfigurationOffer&, const ConfigurationOffer&) = default;
};
// edge -> server: `refusal` is "" where it is in use.
struct ConfigurationReport {
  std::uint64_t version = 0;
  std::string refusal;
  friend bool operator==(const ConfigurationReport&, const ConfigurationReport&) = default;
};
// server -> edge: a program; the manifest says which, its Ed25519 signature who vouches for it.
struct UpdateOffer {
  std::string manifest;
  Bytes signature;
  friend bool operator==(const UpdateOffer&, const UpdateOffer&) = default;
};
// edge -> server.
struct UpdateAsk {
  Digest digest{};
  std::uint64_t offset = 0;
  friend bool operator==(const UpdateAsk&, const UpdateAsk&) = default;
};
// server -> edge: empty where there is nothing at the offset.
struct UpdatePiece {
  Digest digest{};
  std::uint64_t offset = 0;
  Bytes bytes;
  friend bool operator==(const UpdatePiece&, const UpdatePiece&) = default;
};
// edge -> server: `refusal` is "" where the program is in place and begins at the next start.
struct UpdateReport {
  Digest digest{};
  std::string refusal;
  friend bool operator==(const UpdateReport&, const UpdateReport&) = default;
};
// server -> edge, at every connection until it is settled: the same id is the same command. What
// becomes of it comes back as a batch.
struct CommandOrder {
  std::uint64_t id = 0;
  std::string serial;  // of the meter
  CommandKind kind = CommandKind::kReadNow;
  std::uint64_t left_s = 0;  // it is not to be started later than in so many seconds
  std::string argument;
  friend bool operator==(const CommandOrder&, const CommandOrder&) = default;
};

using Message = std::variant<Hello, Welcome, Refused, BatchSent, Acknowledged, EdgeStatus,
                             ConfigurationOffer, ConfigurationReport, UpdateOffer, UpdateAsk,
                             UpdatePiece, UpdateReport, CommandOrder>;

// With its length and type in front. Texts beyond their limit are cut.
Bytes encode_message(const Message& message);
// Type and body, without the length. Safe on any input.
Result<Message> decode_message(ByteView message);

// Cuts a stream into messages.
class MessageStream {
 public:
  void add(ByteView bytes) { append(buffer_, bytes); }
  // nullopt: the next one is not whole yet. After an error nothing more is to be read.
  Result<std::optional<Message>> next();

 private:
  Bytes buffer_;
  std::size_t taken_ = 0;
};

}  // namespace amity::edge
