#include "world/virtual_meter.h"

#include <gtest/gtest.h>

#include <set>

#include "base/crypto.h"
#include "session/dlms/client.h"
#include "wire/dlms/compact_data.h"
#include "wire/dlms/data_value.h"
#include "world/grid.h"
#include "world/limits.h"
#include "world/meter_host.h"
#include "world/meter_profiles.h"

namespace amity::world {
namespace {

class TestClock : public Clock {
 public:
  UtcSeconds utc() const override { return UtcSeconds(us / 1'000'000); }
  std::int64_t utc_us() const override { return us; }
  Instant now() const override { return Instant{us}; }
  void to(const char* iso) { us = from_iso(iso).value().value * 1'000'000; }
  std::int64_t us = 0;
};

class TestRandom : public Random {
 public:
  explicit TestRandom(std::uint64_t seed = 7) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(u64());
  }
  std::uint64_t u64() override { return state_ = state_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u; }

 private:
  std::uint64_t state_;
};

const dlms::AssociationContext kManagement{1, dlms::Mechanism::kHighGmac, dlms::Referencing::kLogicalName, {}};
const dlms::AssociationContext kPublic{16, dlms::Mechanism::kNone, dlms::Referencing::kLogicalName, {}};

// One meter of a model, installed 2026-03-01T00:00Z, its clock at 2026-03-20T10:07Z.
struct Bench {
  explicit Bench(std::size_t model_index = 0, FaultRates faults = FaultRates::none(), std::uint32_t home = 0)
      : book(config(faults), TimeZone::find("Australia/Sydney").value(), homes(home + 1)) {
    clock.to("2026-03-20T10:07:00Z");
    town = {&book, &clock, 1, from_iso("2026-03-01T00:00:00Z").value()};
    meter = std::make_unique<VirtualMeter>(&town, home, &meter_models()[model_index]);
  }
  static BookConfig config(FaultRates faults) {
    BookConfig c;
    c.faults = faults;
    return c;
  }
  static std::vector<BookHome> homes(std::size_t count) {
    std::vector<BookHome> out(count);
    for (std::uint32_t i = 0; i < count; ++i) out[i].path = {i, i / 40, i / 400};
    return out;
  }

  Bytes get(std::uint16_t class_id, const char* obis, std::int8_t attribute,
            std::optional<dlms::SelectiveAccess> access = {}) {
    Bytes out;
    result = meter->get(kManagement, {class_id, dlms::obis_from(std::string_view(obis)).value(), attribute},
        access, out);
    return out;
  }
  std::string text(std::uint16_t class_id, const char* obis, std::int8_t attribute,
                   std::optional<dlms::SelectiveAccess> access = {}) {
    const Bytes value = get(class_id, obis, attribute, access);
    if (result != dlms::DataAccessResult::kSuccess) return std::string(to_string(result));
    dlms::DataTree tree;
    const Status parsed = tree.parse(value);
    return parsed.ok() ? to_text(tree.root()) : to_string(parsed.error());
  }
  std::int64_t number(std::uint16_t class_id, const char* obis, std::int8_t attribute) {
    const Bytes value = get(class_id, obis, attribute);
    dlms::DataTree tree;
    return tree.parse(value).ok() ? tree.root().as_int().value() : -1;
  }
  dlms::DataAccessResult set(std::uint16_t class_id, const char* obis, std::int8_t attribute, const dlms::Data& value) {
    return meter->set(kManagement, {class_id, dlms::obis_from(std::string_view(obis)).value(), attribute}, {},
                      value.encoded());
  }
  dlms::ActionResult act(std::uint16_t class_id, const char* obis, std::int8_t method, const dlms::Data& value) {
    Bytes out;
    const Bytes encoded = value.encoded();
    return meter->action(kManagement, {class_id, dlms::obis_from(std::string_view(obis)).value(), method},
                         ByteView(encoded), out);
  }

  TestClock clock;
  TestRandom random;
  EnergyBook book;
  MeterTown town;
  std::unique_ptr<VirtualMeter> meter;
  dlms::DataAccessResult result = dlms::DataAccessResult::kSuccess;
};

Bytes range(const char* from, const char* to) {
  Bytes out;
  dlms::encode_parameters(dlms::range_by_clock(dlms::date_time_utc(from_iso(from).value()),
                                               dlms::date_time_utc(from_iso(to).value())), out);
  return out;
}

TEST(VirtualMeter, RowsOfARangeAreStampedWithTheEndOfTheirInterval) {
  Bench b;
  const Bytes parameters = range("2026-03-20T09:00:00Z", "2026-03-20T10:00:00Z");
  const Bytes buffer = b.get(7, "1-0:99.1.0", 2, dlms::SelectiveAccess{1, parameters});
  ASSERT_EQ(b.result, dlms::DataAccessResult::kSuccess);
  dlms::DataTree tree;
  ASSERT_TRUE(tree.parse(buffer).ok());
  ASSERT_EQ(tree.root().size(), 5u);
  const auto truth = b.meter->rows(from_iso("2026-03-20T08:59:59Z").value(), from_iso("2026-03-20T10:00:00Z").value());
  ASSERT_EQ(truth.size(), 5u);
  std::size_t i = 0;
  for (const dlms::DataView row : tree.root()) {
    ASSERT_EQ(row.size(), 6u);
    const auto stamp = dlms::date_time_from(row.at(0)->bytes());
    ASSERT_TRUE(stamp.ok());
    EXPECT_EQ(dlms::to_utc(*stamp, dlms::DeviationSign::kStandard, nullptr)->time, truth[i].stamp);
    EXPECT_EQ(row.at(2)->number(), truth[i].interval.import_wh);
    EXPECT_EQ(row.at(3)->number(), truth[i].interval.export_wh);
    EXPECT_EQ(row.at(4)->number(), truth[i].interval.reactive_import_varh);
    EXPECT_EQ(row.at(5)->number(), truth[i].interval.voltage_dv);
    ++i;
  }
}

TEST(VirtualMeter, ThereIsNoRowOfTheFutureNorBeforeItsInstallation) {
  Bench b;
  const auto rows = b.meter->rows(UtcSeconds(0), UtcSeconds(INT64_MAX / 4));
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(to_iso(rows.front().stamp), "2026-03-01T00:15:00Z");
  EXPECT_EQ(to_iso(rows.back().stamp), "2026-03-20T10:00:00Z");
  EXPECT_EQ(rows.size(), 19u * 96 + 40);
  EXPECT_EQ(b.number(7, "1-0:99.1.0", 7), static_cast<std::int64_t>(rows.size()));
}

TEST(VirtualMeter, TheRegisterIsItsOffsetAndTheSumOfItsIntervals) {
  Bench b;
  b.clock.to("2026-03-20T10:00:00Z");
  std::int64_t import_wh = 0, reactive_varh = 0;
  for (const ProfileRow& row : b.meter->rows(UtcSeconds(0), b.clock.utc())) {
    import_wh += row.interval.import_wh;
    reactive_varh += row.interval.reactive_import_varh;
  }
  EXPECT_EQ(b.number(3, "1-0:1.8.0", 2), b.meter->register_offset().import_wh + import_wh);
  EXPECT_EQ(b.number(3, "1-0:3.8.0", 2), b.meter->register_offset().reactive_import_varh + reactive_varh);
  // The same when asked in another order, with other checkpoints behind it.
  Bench other;
  for (const char* at : {"2026-03-17T03:00:00Z", "2026-03-02T01:00:00Z", "2026-03-20T10:00:00Z"}) {
    EXPECT_EQ(other.meter->totals_at(from_iso(at).value()), b.meter->totals_at(from_iso(at).value())) << at;
  }
}

TEST(VirtualMeter, CompactDataSaysWhatTheRegistersSay) {
  Bench b;
  const Bytes buffer = b.get(62, "0-0:66.0.0", 2), description = b.get(62, "0-0:66.0.0", 5);
  EXPECT_EQ(to_hex(description), "0906020411090606");
  dlms::CompactData data;
  dlms::DataTree tree;
  ASSERT_TRUE(tree.parse(buffer).ok());
  ASSERT_TRUE(data.parse(tree.root().bytes(), ByteView(description).subspan(2)).ok());
  EXPECT_EQ(to_text(data.values()), "{uint8 1, " + b.text(8, "0-0:1.0.0", 2) + ", " + b.text(3, "1-0:1.8.0", 2) +
                                        ", " + b.text(3, "1-0:2.8.0", 2) + "}");
  EXPECT_EQ(b.text(62, "0-0:66.0.0", 4), "uint8 1");
  EXPECT_EQ(b.text(62, "0-0:66.0.0", 7), "object-undefined");
}

TEST(VirtualMeter, RegistersNeverFallWithinAnInterval) {
  Bench b;
  std::int64_t last = 0;
  for (int minute = 0; minute < 60; ++minute) {
    b.clock.us += 60'000'000;
    const std::int64_t now = b.number(3, "1-0:1.8.0", 2);
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(VirtualMeter, DailyRowsAreTheRegistersAtLocalMidnight) {
  Bench b;
  const std::string text = b.text(7, "1-0:98.2.0", 2);
  dlms::DataTree tree;
  const Bytes buffer = b.get(7, "1-0:98.2.0", 2);
  ASSERT_TRUE(tree.parse(buffer).ok());
  ASSERT_EQ(tree.root().size(), 19u) << text;
  std::int64_t last = 0;
  for (const dlms::DataView row : tree.root()) {
    const UtcSeconds at =
        dlms::to_utc(*dlms::date_time_from(row.at(0)->bytes()), dlms::DeviationSign::kStandard, nullptr)->time;
    EXPECT_EQ((at.value + 39'600) % 86'400, 0) << to_iso(at);  // UTC+11 in March
    EXPECT_EQ(row.at(1)->number(), b.meter->register_offset().import_wh + b.meter->totals_at(at).import_wh);
    EXPECT_GE(row.at(1)->number(), last);
    last = row.at(1)->number();
  }
}

TEST(VirtualMeter, ModelsStampTheirRowsInTheirOwnWay) {
  Bench utc(0), local(1), sparse(2);
  const Bytes parameters = range("2026-03-20T09:45:00Z", "2026-03-20T10:00:00Z");
  const dlms::SelectiveAccess access{1, parameters};
  EXPECT_NE(utc.text(7, "1-0:99.1.0", 2, access).find("07EA0314050A000000000000"), std::string::npos)
      << utc.text(7, "1-0:99.1.0", 2, access);
  // 21:00 summer time, deviation -660 minutes, summer time bit.
  EXPECT_NE(local.text(7, "1-0:99.1.0", 2, access).find("07EA03140515000000FD6C80"), std::string::npos)
      << local.text(7, "1-0:99.1.0", 2, access);
  dlms::DataTree tree;
  const Bytes buffer = sparse.get(7, "1-0:99.1.0", 2, access);
  ASSERT_TRUE(tree.parse(buffer).ok());
  EXPECT_FALSE(tree.root().at(0)->at(0)->is_null());
  EXPECT_TRUE(tree.root().at(1)->at(0)->is_null());
}

TEST(VirtualMeter, EntriesAndColumnsCanBeSelected) {
  Bench b;
  Bytes parameters;
  dlms::encode_parameters(dlms::EntryDescriptor{2, 3, 3, 4}, parameters);
  dlms::DataTree tree;
  const Bytes buffer = b.get(7, "1-0:99.1.0", 2, dlms::SelectiveAccess{2, parameters});
  ASSERT_TRUE(tree.parse(buffer).ok());
  ASSERT_EQ(tree.root().size(), 2u);
  ASSERT_EQ(tree.root().at(0)->size(), 2u);
  const auto rows = b.meter->rows(UtcSeconds(0), b.clock.utc());
  EXPECT_EQ(tree.root().at(0)->at(0)->number(), rows[1].interval.import_wh);
  parameters.clear();
  dlms::encode_parameters(dlms::EntryDescriptor{0, 3, 1, 0}, parameters);
  EXPECT_EQ(b.text(7, "1-0:99.1.0", 2, dlms::SelectiveAccess{2, parameters}), "scope-of-access-violated");
  const Bytes lie = {0x02, 0x04, 0x05};
  EXPECT_EQ(b.text(7, "1-0:99.1.0", 2, dlms::SelectiveAccess{1, lie}), "type-unmatched");
}

TEST(VirtualMeter, DisconnectionStopsTheEnergyAndIsLogged) {
  Bench b;
  EXPECT_EQ(b.act(70, "0-0:96.3.10", 1, dlms::Data::int8(0)), dlms::ActionResult::kSuccess);
  EXPECT_FALSE(b.meter->connected());
  EXPECT_EQ(b.text(70, "0-0:96.3.10", 2), "bool 0");
  b.clock.to("2026-03-20T13:07:00Z");
  EXPECT_EQ(b.act(70, "0-0:96.3.10", 2, dlms::Data::int8(0)), dlms::ActionResult::kSuccess);
  b.clock.to("2026-03-20T15:00:00Z");
  std::int64_t during = 0, after = 0;
  for (const ProfileRow& row : b.meter->rows(from_iso("2026-03-20T10:15:00Z").value(), b.clock.utc())) {
    (row.stamp <= from_iso("2026-03-20T13:00:00Z").value() ? during : after) += row.interval.import_wh;
  }
  EXPECT_EQ(during, 0);
  EXPECT_GT(after, 0);
  const auto log = b.meter->log(2, UtcSeconds(0), b.clock.utc());
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].code, kEventDisconnected);
  EXPECT_EQ(log[1].code, kEventConnected);
  // The register follows the curbed rows, also over days.
  std::int64_t sum = 0;
  b.clock.to("2026-03-25T00:00:00Z");
  for (const ProfileRow& row : b.meter->rows(UtcSeconds(0), b.clock.utc())) sum += row.interval.import_wh;
  EXPECT_EQ(b.meter->totals_at(b.clock.utc()).import_wh, sum);
}

TEST(VirtualMeter, TheLimiterCapsTheLoad) {
  Bench b;
  ASSERT_EQ(b.set(71, "0-0:17.0.0", 4, dlms::Data::uint32(400)), dlms::DataAccessResult::kSuccess);
  b.clock.to("2026-03-22T10:00:00Z");
  std::uint32_t highest = 0;
  for (const ProfileRow& row : b.meter->rows(from_iso("2026-03-20T10:15:00Z").value(), b.clock.utc())) {
    highest = std::max(highest, row.interval.import_wh);
  }
  EXPECT_EQ(highest, 100u);  // 400 W for a quarter of an hour
  EXPECT_EQ(b.number(71, "0-0:17.0.0", 3), 400);
}

TEST(VirtualMeter, TheClockIsSetAndTheRowSaysSo) {
  Bench b;
  const auto shifted = dlms::Data::octet_string(dlms::date_time_utc(b.clock.utc() + 30));
  EXPECT_EQ(b.set(8, "0-0:1.0.0", 2, shifted), dlms::DataAccessResult::kSuccess);
  EXPECT_EQ(b.meter->meter_time() - b.clock.utc(), 30);
  EXPECT_EQ(b.act(8, "0-0:1.0.0", 6, dlms::Data::int16(-30)), dlms::ActionResult::kSuccess);
  EXPECT_EQ(b.meter->meter_time(), b.clock.utc());
  b.clock.to("2026-03-20T10:30:00Z");
  const auto rows = b.meter->rows(from_iso("2026-03-20T10:00:00Z").value(), b.clock.utc());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].interval.status, kStatusClockAdjusted);
  EXPECT_EQ(rows[1].interval.status, 0);
  EXPECT_EQ(b.meter->log(0, UtcSeconds(0), b.clock.utc()).size(), 4u);
}

TEST(VirtualMeter, AForwardJumpLeavesAGapAndABackwardOneRepeatsNothing) {
  Bench b;
  const UtcSeconds start = b.clock.utc();
  ASSERT_TRUE(b.meter->jump_clock(3 * 3'600));
  b.clock.to("2026-03-20T12:00:00Z");
  const auto rows = b.meter->rows(start - 900, b.meter->meter_time());
  std::vector<std::string> stamps;
  for (const ProfileRow& row : rows) stamps.push_back(to_iso(row.stamp));
  ASSERT_EQ(stamps.size(), 9u);
  EXPECT_EQ(stamps[0], "2026-03-20T10:00:00Z");
  EXPECT_EQ(stamps[1], "2026-03-20T13:15:00Z");
  EXPECT_EQ(stamps.back(), "2026-03-20T15:00:00Z");
  ASSERT_TRUE(b.meter->jump_clock(-3 * 3'600));
  b.clock.to("2026-03-20T16:00:00Z");
  std::set<std::int64_t> seen;
  for (const ProfileRow& row : b.meter->rows(start - 900, b.meter->meter_time())) {
    EXPECT_TRUE(seen.insert(row.stamp.value).second) << to_iso(row.stamp);
  }
}

TEST(VirtualMeter, OutagesAreInTheRowsAndInTheLog) {
  FaultRates rates = FaultRates::none();
  rates.service_outages = 0.5;
  Bench b(0, rates);
  const auto log = b.meter->log(0, UtcSeconds(0), b.clock.utc());
  ASSERT_GT(log.size(), 4u);
  std::size_t flagged = 0;
  for (const ProfileRow& row : b.meter->rows(UtcSeconds(0), b.clock.utc())) {
    if ((row.interval.status & kStatusPowerDown) != 0) ++flagged;
    if (row.interval.voltage_dv == 0) {
      EXPECT_EQ(row.interval.import_wh, 0u);
      EXPECT_TRUE(row.interval.status & kStatusPowerDown);
    }
  }
  EXPECT_GE(flagged, log.size() / 2 - 1);
  const UtcSeconds down = log[0].time;
  EXPECT_FALSE(b.book.powered(0, down));
  EXPECT_TRUE(b.book.powered(0, down - 1) || log[0].code != kEventPowerDown);
}

TEST(VirtualMeter, LostRowsAreMissingButTheirEnergyCounts) {
  FaultRates rates = FaultRates::none();
  rates.lost_rows = 0.5;
  Bench lossy(0, rates), whole(0);
  const UtcSeconds now = lossy.clock.utc();
  EXPECT_LT(lossy.meter->rows(UtcSeconds(0), now).size(), whole.meter->rows(UtcSeconds(0), now).size());
  EXPECT_EQ(lossy.meter->totals_at(now), whole.meter->totals_at(now));
}

TEST(VirtualMeter, AnImageIsTakenBlockByBlockAndVerified) {
  Bench b;
  Bytes image(1'000, 0x5A);
  std::ranges::copy(as_bytes("AMITYFW1"), image.begin());
  const auto digest = crypto::sha256(ByteView(image).first(image.size() - 32));
  std::ranges::copy(digest, image.end() - 32);
  const auto start = dlms::Data::structure({dlms::Data::octet_string(as_bytes("fw-2")), dlms::Data::uint32(1'000)});
  ASSERT_EQ(b.act(18, "0-0:44.0.0", 1, start), dlms::ActionResult::kSuccess);
  const auto send = [&](std::uint32_t block) {
    const std::size_t at = std::min<std::size_t>(block * 256, image.size() - 256);  // beyond the end: any bytes
    const ByteView part = block < 3 ? ByteView(image).subspan(at, 256) : ByteView(image).subspan(768);
    return b.act(18, "0-0:44.0.0", 2, dlms::Data::structure({dlms::Data::uint32(block),
        dlms::Data::octet_string(part)}));
  };
  EXPECT_EQ(send(0), dlms::ActionResult::kSuccess);
  EXPECT_EQ(send(3), dlms::ActionResult::kSuccess);
  EXPECT_EQ(b.number(18, "0-0:44.0.0", 4), 1);
  EXPECT_EQ(b.act(18, "0-0:44.0.0", 3, dlms::Data::int8(0)), dlms::ActionResult::kTemporaryFailure);
  EXPECT_EQ(send(1), dlms::ActionResult::kSuccess);
  EXPECT_EQ(send(2), dlms::ActionResult::kSuccess);
  EXPECT_EQ(send(4), dlms::ActionResult::kScopeOfAccessViolated);
  EXPECT_EQ(b.act(18, "0-0:44.0.0", 3, dlms::Data::int8(0)), dlms::ActionResult::kSuccess);
  EXPECT_EQ(b.number(18, "0-0:44.0.0", 6), 3);
  EXPECT_EQ(b.act(18, "0-0:44.0.0", 4, dlms::Data::int8(0)), dlms::ActionResult::kSuccess);
}

TEST(VirtualMeter, KeysAreTakenOnlyUnderTheMasterKey) {
  Bench b;
  const Bytes fresh(16, 0x42);
  const auto transfer = [&](ByteView kek) {
    const Bytes wrapped = dlms::wrap_key(kek, fresh).value();
    return b.act(64, "0-0:43.0.0", 2, dlms::Data::array({dlms::Data::structure({dlms::Data::enumeration(0),
                                                                              dlms::Data::octet_string(wrapped)})}));
  };
  EXPECT_EQ(transfer(Bytes(16, 1)), dlms::ActionResult::kOtherReason);
  EXPECT_NE(b.meter->keys().encryption, fresh);
  EXPECT_EQ(transfer(b.meter->keys().master), dlms::ActionResult::kSuccess);
  EXPECT_EQ(b.meter->keys().encryption, fresh);
}

TEST(VirtualMeter, TheCalendarIsWrittenPassiveAndThenActivated) {
  Bench b;
  EXPECT_EQ(b.set(20, "0-0:13.0.0", 6, dlms::Data::octet_string(as_bytes("NIGHT2"))), dlms::DataAccessResult::kSuccess);
  EXPECT_EQ(b.set(20, "0-0:13.0.0", 2, dlms::Data::octet_string(as_bytes("X"))),
      dlms::DataAccessResult::kReadWriteDenied);
  EXPECT_EQ(b.act(20, "0-0:13.0.0", 1, dlms::Data::int8(0)), dlms::ActionResult::kSuccess);
  EXPECT_EQ(b.get(20, "0-0:13.0.0", 2), dlms::Data::octet_string(as_bytes("NIGHT2")).encoded());
}

TEST(VirtualMeter, ThePublicClientSeesWhoItIsAndNothingElse) {
  Bench b;
  Bytes out;
  const auto read = [&](std::uint16_t class_id, const char* obis) {
    return b.meter->get(kPublic, {class_id, dlms::obis_from(std::string_view(obis)).value(), 2}, {}, out);
  };
  EXPECT_EQ(read(1, "0-0:42.0.0"), dlms::DataAccessResult::kSuccess);
  EXPECT_EQ(read(8, "0-0:1.0.0"), dlms::DataAccessResult::kSuccess);
  EXPECT_EQ(read(3, "1-0:1.8.0"), dlms::DataAccessResult::kReadWriteDenied);
  EXPECT_EQ(read(7, "1-0:99.1.0"), dlms::DataAccessResult::kReadWriteDenied);
  EXPECT_EQ(b.meter->action(kPublic, {70, dlms::Obis(0, 0, 96, 3, 10, 255), 1}, {}, out),
            dlms::ActionResult::kReadWriteDenied);
  EXPECT_TRUE(b.meter->connected());
  std::vector<dlms::ObjectEntry> listed;
  b.meter->list(kPublic, listed);
  EXPECT_EQ(listed.size(), 6u);
}

// Whatever is in the list can be read, attribute by attribute, and is one well-formed value.
TEST(VirtualMeter, EveryAttributeOfEveryObjectIsAValue) {
  for (std::size_t model = 0; model < meter_models().size(); ++model) {
    Bench b(model);
    std::vector<dlms::ObjectEntry> listed;
    b.meter->list(kManagement, listed);
    std::set<std::uint16_t> classes;
    for (const dlms::ObjectEntry& object : listed) {
      classes.insert(object.class_id);
      for (std::int8_t a = 1; a <= object.attributes; ++a) {
        Bytes out;
        const auto result = b.meter->get(kManagement, {object.class_id, object.instance, a}, {}, out);
        EXPECT_EQ(result, dlms::DataAccessResult::kSuccess) << to_string(object.instance) << " " << int{a};
        dlms::DataTree tree;
        const Status parsed = tree.parse(out);
        EXPECT_TRUE(parsed.ok()) << to_string(object.instance) << " " << int{a};
      }
    }
    for (const std::uint16_t id : {1, 3, 4, 5, 7, 8, 17, 18, 20, 40, 64, 70,
        71}) EXPECT_TRUE(classes.contains(id)) << id;
  }
  Bench b;
  EXPECT_EQ(b.text(3, "1-0:99.1.0", 2), "object-class-inconsistent");
  EXPECT_EQ(b.text(3, "1-0:9.9.9", 2), "object-undefined");
}

TEST(VirtualMeter, AMeterIsSmall) {
  Bench b;
  (void)b.meter->totals_at(b.clock.utc());
  EXPECT_LE(sizeof(VirtualMeter) + b.meter->heap_bytes(), 512u) << sizeof(VirtualMeter);
}

// Client and server machines over memory: HLS5, encrypted.
TEST(VirtualMeter, ServesAnAuthenticatedEncryptedRead) {
  Bench b;
  const Instant now{1'000'000};
  MeterSession session(*b.meter, std::nullopt, b.random, now);
  const MeterKeys keys = b.meter->keys();
  dlms::ClientConfig config;
  config.link.client_sap = kManagementClient;
  config.link.server_sap = kMeterSap;
  config.mechanism = dlms::Mechanism::kHighGmac;
  config.client_title = headend_title(1);
  config.server_title = keys.title;
  config.security = {dlms::SecuritySuite::k0, true, true};
  config.keys.encryption = dlms::Secret(ByteView(keys.encryption));
  config.keys.authentication = dlms::Secret(ByteView(keys.authentication));
  dlms::MemoryCounters counters;
  TestRandom random(8);
  dlms::Client client(config, &counters, random);
  ASSERT_TRUE(client.connect(now).ok());
  client.on_open(now);
  std::vector<dlms::ClientEvent> events;
  const auto exchange = [&] {
    Bytes bytes;
    for (bool moved = true; moved;) {
      moved = false;
      while (client.poll_output(bytes)) session.server().on_bytes(bytes, now), moved = true;
      while (session.server().poll_output(bytes)) client.on_bytes(bytes, now), moved = true;
    }
    while (auto event = client.poll_event()) events.push_back(std::move(*event));
  };
  exchange();
  ASSERT_EQ(events.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<dlms::Connected>(events[0])) << to_string(std::get<dlms::Failed>(events[0]).error);
  dlms::AttributeRequest request;
  request.attribute = {7, kLoadProfileObis, 2};
  request.selection = dlms::Selection{1, range("2026-03-19T10:15:00Z", "2026-03-20T10:00:00Z")};
  ASSERT_TRUE(client.get(request, now).ok());
  exchange();
  ASSERT_EQ(events.size(), 2u);
  const auto* response = std::get_if<dlms::Response>(&events[1]);
  ASSERT_NE(response, nullptr);
  dlms::DataTree tree;
  ASSERT_TRUE(tree.parse(response->items[0].data).ok());
  EXPECT_EQ(tree.root().size(), 96u);
  EXPECT_EQ(b.number(1, "0-0:43.1.0", 2), b.meter->counters().peer_mark());
  EXPECT_GT(b.meter->counters().peer_mark(), 0);
}

}  // namespace
}  // namespace amity::world
