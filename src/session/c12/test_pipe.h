// A client and a server joined by a line that loses, damages and repeats.
#pragma once

#include <gtest/gtest.h>

#include "session/c12/client.h"
#include "session/c12/server.h"

namespace amity::c12::testing {

struct Line {
  double loss = 0, damage = 0, repeat = 0;  // of a whole output; one bit of it; it arrives twice
  std::size_t piece_bytes = 0;              // 0: as sent
  std::uint64_t seed = 1;
};

class Pipe {
 public:
  Pipe(Client& client, Server& server, Line line = {})
      : client_(client), server_(server), line_(line), state_(line.seed) {}

  Instant now{1'000'000};
  std::size_t sent = 0, lost = 0;

  // The event that the client's request comes to.
  ClientEvent event() {
    for (int step = 0; step < 200'000; ++step) {
      if (const auto found = client_.poll_event()) return *found;
      Bytes bytes;
      bool moved = false;
      while (client_.poll_output(bytes)) moved = deliver(bytes, server_);
      while (server_.poll_output(bytes)) moved = deliver(bytes, client_);
      if (moved) continue;
      std::optional<Instant> next = client_.next_timeout();
      if (const auto other = server_.next_timeout(); other && (!next || *other < *next))
        next = other;
      if (!next) break;
      now = std::max(now, *next);
      client_.on_timer(now);
      server_.on_timer(now);
      (void)server_.poll_failure();
    }
    ADD_FAILURE() << "the conversation does not end";
    return Failed{};
  }
  template <class T>
  T expect() {
    const ClientEvent found = event();
    if (const auto* failed = std::get_if<Failed>(&found); failed && !std::is_same_v<T, Failed>)
      ADD_FAILURE() << to_string(failed->error);
    if (!std::holds_alternative<T>(found)) {
      ADD_FAILURE() << "event " << found.index();
      return T{};
    }
    return std::get<T>(found);
  }

 private:
  double chance() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  template <class Side>
  bool deliver(Bytes bytes, Side& to) {
    ++sent;
    if (chance() < line_.loss) return ++lost, true;
    if (chance() < line_.damage) {
      const auto bit = static_cast<std::size_t>(chance() * static_cast<double>(bytes.size() * 8));
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    const std::size_t piece = line_.piece_bytes == 0 ? bytes.size() : line_.piece_bytes;
    for (int times = chance() < line_.repeat ? 2 : 1; times > 0; --times) {
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        to.on_bytes(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)), now);
    }
    return true;
  }

  Client& client_;
  Server& server_;
  Line line_;
  std::uint64_t state_;
};

// A meter with ST0, a small table and a large one, a clock procedure and a switch.
class TestMeter : public MemoryTables {
 public:
  std::vector<std::string> obeyed;

  TestMeter() {
    tables[0] = *from_hex("02038800000000000000000002000A000000000000");
    tables[0].resize(19);
    tables[0][13] = 10;
    const Bytes used(20, 0xFF);
    append(tables[0], used);
    tables[23] = *from_hex("FB1304024D891A00");
    tables[64].resize(20'000);
    for (std::size_t i = 0; i < tables[64].size(); ++i)
      tables[64][i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  }
  std::uint8_t run(std::uint16_t number, bool manufacturer, ByteView parameters,
                   Bytes& out) override {
    obeyed.push_back((manufacturer ? "MP" : "SP") + std::to_string(number) + " " +
                     to_hex(parameters));
    if (number == 99) return 6;
    out = {0xAB};
    return 0;
  }
};

}  // namespace amity::c12::testing
