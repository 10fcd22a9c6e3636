// A master and slaves on one pair of wires, for the tests of this room: bytes travel in pieces,
// some are lost, repeated or damaged; slaves that speak at once are heard as noise.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "session/mbus/master.h"
#include "session/mbus/slave.h"
#include "wire/mbus/encoder.h"

namespace amity::mbus::testing {

// splitmix64.
class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

 private:
  std::uint64_t state_;
};

// A water meter that sends its volume in `count` telegrams.
class TestMeter : public Readout {
 public:
  TestMeter(std::uint8_t primary, const Address& address, std::size_t count = 1)
      : address_(address), count_(count), slave({primary, address}, this) {}

  std::size_t telegrams() override { return count_; }
  void telegram(std::size_t index, std::uint8_t access_number, Bytes& user_data) override {
    Bytes records;
    EXPECT_TRUE(append_number("volume", "m3", {static_cast<std::int64_t>(1000 * index + 123), -3},
                              DataField::kBcd8, {}, records)
                    .ok());
    if (index + 1 < count_) records.push_back(kDifManufacturerMore);
    TelegramSpec spec;
    spec.meter = address_;
    spec.access_number = access_number;
    user_data = *Encoder().wired_user_data(spec, records);
  }

 private:
  Address address_;
  std::size_t count_;

 public:
  Slave slave;
};

struct Line {
  std::size_t piece_bytes = 0;  // 0: as sent
  double loss = 0, damage = 0, repeat = 0;
  std::uint64_t seed = 1;
};

class Bus {
 public:
  explicit Bus(Line line = {}, MasterConfig config = {})
      : master(config), line_(line), random_(line.seed) {}

  void add(std::uint8_t primary, const Address& address, std::size_t telegrams = 1) {
    meters.push_back(std::make_unique<TestMeter>(primary, address, telegrams));
  }

  // Until the operation is over; its events as text.
  std::string run() {
    for (int step = 0; step < 1'000'000 && master.busy(); ++step) {
      if (!transfer()) sleep();
    }
    EXPECT_FALSE(master.busy()) << "the operation does not end";
    std::string text;
    while (const auto event = master.poll_event()) text += text_of(*event) + "\n";
    return text;
  }

  Master master;
  std::vector<std::unique_ptr<TestMeter>> meters;
  Instant now{1'000'000};

 private:
  static std::string text_of(const MasterEvent& event) {
    if (const auto* read = std::get_if<TelegramRead>(&event)) {
      Bytes volume(read->frame.begin() + 21, read->frame.begin() + 25);
      std::reverse(volume.begin(), volume.end());
      return "telegram " + to_hex(volume) + (read->more ? ", more" : "");
    }
    if (const auto* found = std::get_if<MeterFound>(&event))
      return "found " + std::to_string(found->primary_address) + " " +
             (found->address ? id_text(found->address->id) : "");
    if (const auto* conflict = std::get_if<Conflict>(&event))
      return "conflict " + std::to_string(conflict->primary_address) +
             (conflict->mask ? " " + id_text(conflict->mask->id) : "");
    if (const auto* baud = std::get_if<BaudChanged>(&event))
      return "baud " + std::to_string(baud->baud);
    if (const auto* failed = std::get_if<Failed>(&event)) return "failed: " + failed->error.reason;
    return "done";
  }

  bool transfer() {
    bool moved = false;
    Bytes bytes;
    while (master.poll_output(bytes)) {
      moved = true;
      travel(bytes, [this](ByteView piece) {
        for (const auto& meter : meters) meter->slave.on_bytes(piece, now);
      });
    }
    // Slaves start to speak at moments of their own; where they overlap, a mark of one is heard.
    Bytes heard;
    std::size_t start = 0;
    for (const auto& meter : meters) {
      if (!meter->slave.poll_output(bytes)) continue;
      moved = true;
      if (heard.size() < start + bytes.size()) heard.resize(start + bytes.size(), 0xFF);
      for (std::size_t i = 0; i < bytes.size(); ++i) heard[start + i] &= bytes[i];
      start += 1 + random_.next() % 3;
    }
    if (!heard.empty()) travel(heard, [this](ByteView piece) { master.on_bytes(piece, now); });
    return moved;
  }

  template <class Sink>
  void travel(Bytes& bytes, Sink sink) {
    if (random_.chance(line_.loss)) return;
    if (random_.chance(line_.damage))
      bytes[random_.next() % bytes.size()] ^= static_cast<std::uint8_t>(1u << random_.next() % 8);
    const std::size_t piece = line_.piece_bytes == 0 ? bytes.size() : line_.piece_bytes;
    for (int times = random_.chance(line_.repeat) ? 2 : 1; times > 0; --times) {
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        sink(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
  }

  void sleep() {
    std::optional<Instant> next = master.next_timeout();
    for (const auto& meter : meters) {
      const auto other = meter->slave.next_timeout();
      if (other && (!next || *other < *next)) next = other;
    }
    if (next && *next > now) now = *next;
    master.on_timer(now);
    for (const auto& meter : meters) meter->slave.on_timer(now);
  }

  Line line_;
  Seeded random_;
};

inline Address water(std::uint32_t id, const char* manufacturer = "AMI") {
  return {manufacturer_code(manufacturer), id, 1, 7};
}

}  // namespace amity::mbus::testing
