#include "mdm/rate/prepay.h"

#include <gtest/gtest.h>

#include "base/crc.h"
#include "mdm/rate/sts_token.h"

namespace amity::mdm {
namespace {

UtcSeconds at(const char* text) {
  return *from_iso(text);
}

std::string told(PrepayLedger& ledger) {
  static constexpr const char* kNames[] = {"low", "exhausted", "restored"};
  std::string text;
  for (const PrepayEvent& e : ledger.take_events())
    text += std::string(kNames[static_cast<std::size_t>(e.kind)]) + " at " +
            std::to_string(e.balance) + "; ";
  return text + "balance " + std::to_string(ledger.balance());
}

TEST(Prepay, BalanceEventsAndFriendlyHours) {
  PrepayLedger ledger({.low_credit = 500, .emergency_credit = 200});
  EXPECT_TRUE(*ledger.credit("P-1", 2'000, at("2026-03-02T08:00Z")));
  EXPECT_FALSE(*ledger.credit("P-1", 2'000, at("2026-03-02T08:00Z"))) << "again";
  EXPECT_EQ(ledger.credit("P-1", 3'000, at("2026-03-02T08:00Z")).error().reason,
            "payment P-1 was booked with another amount");
  EXPECT_TRUE(*ledger.use(at("2026-03-02"), at("2026-03-03"), 1'400));
  EXPECT_EQ(told(ledger), "balance 600");
  EXPECT_FALSE(*ledger.use(at("2026-03-02"), at("2026-03-03"), 1'400)) << "again";
  EXPECT_TRUE(*ledger.use(at("2026-03-02"), at("2026-03-03"), 1'450)) << "rated anew";
  EXPECT_TRUE(*ledger.use(at("2026-03-03"), at("2026-03-04"), 100));
  EXPECT_EQ(told(ledger), "low at 450; balance 450");
  EXPECT_FALSE(ledger.use(at("2026-03-02T12:00Z"), at("2026-03-03T12:00Z"), 1).ok());
  EXPECT_TRUE(*ledger.use(at("2026-03-04"), at("2026-03-05"), 700));
  EXPECT_EQ(told(ledger), "exhausted at -250; balance -250");
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"), {20'518});  // 6 March a holiday
  const auto due = [&](const char* now) {
    return ledger.disconnect_due(at(now), calendar.day_at(at(now)));
  };
  EXPECT_TRUE(due("2026-03-05T08:30Z"));   // a Thursday, 09:30 in Madrid
  EXPECT_FALSE(due("2026-03-05T07:30Z"));  // too early
  EXPECT_FALSE(due("2026-03-05T13:00Z"));  // 14:00: too late in the day
  EXPECT_FALSE(due("2026-03-07T10:00Z"));  // Saturday
  EXPECT_TRUE(*ledger.credit("P-2", 1'000, at("2026-03-05T09:00Z")));
  EXPECT_EQ(told(ledger), "restored at 750; balance 750");
  EXPECT_FALSE(due("2026-03-09T10:00Z"));
  std::int64_t sum = 0;
  for (const PrepayEntry& e : ledger.entries()) sum += e.amount;
  EXPECT_EQ(sum, ledger.balance());
}

// Example parameters: not claimed to be those of the standard.
StsDetails example() {
  return {{28, 27}, [](ByteView bytes) { return crc16_arc(bytes); }};
}

TEST(StsToken, TwentyDigitsThereAndBack) {
  const auto key = from_hex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123");
  auto module = software_module(*key);
  ASSERT_TRUE(module.ok());
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const StsFields f{static_cast<std::uint8_t>(i % 4), static_cast<std::uint8_t>(i % 16),
                      static_cast<std::uint8_t>(i * 7 % 16), i * 8'191 % (1u << 24),
                      static_cast<std::uint16_t>(i * 31)};
    const auto token = make_token(f, example(), **module);
    ASSERT_TRUE(token.ok());
    ASSERT_EQ(token->size(), 20u);
    const auto spaced = token->substr(0, 4) + " " + token->substr(4, 4) + "-" + token->substr(8);
    const auto back = read_token(spaced, example(), **module);
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(*back, f);
  }
}

// The block of IEC 62055-41's example of 6.4.2, with class 01: bits 28 and 27 were both 0.
TEST(StsToken, TheClassTakesBits28And27) {
  EXPECT_EQ(transposed(0x6543'2109'8765'4321u, 1, example()), "07296712146214535969");
  EXPECT_EQ(transposed(1u << 28, 0, example()), "36893488147419103232") << "2^65";
  EXPECT_EQ(transposed(1u << 27, 2, example()), "18446744073977987072") << "2^64 + 2^28";
}

TEST(StsToken, AWrongDigitOrKeyIsRefused) {
  const auto key = from_hex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123");
  auto module = software_module(*key);
  const auto token = make_token({0, 0, 5, 6'000'000, 1'234}, example(), **module);
  int taken = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    std::string wrong = *token;
    wrong[i] = static_cast<char>(wrong[i] == '9' ? '0' : wrong[i] + 1);
    taken += read_token(wrong, example(), **module).ok();
  }
  EXPECT_EQ(taken, 0);
  EXPECT_FALSE(read_token("1234", example(), **module).ok());
  EXPECT_FALSE(read_token("99999999999999999999", example(), **module).ok()) << "more than 66 bits";
  EXPECT_FALSE(make_token({0, 0, 0, 1u << 24, 0}, example(), **module).ok());
  EXPECT_FALSE(make_token({}, {}, **module).ok()) << "no details given";
  EXPECT_FALSE(software_module(ByteView(*key).first(16)).ok());
}

TEST(StsToken, TripleDesIsThatOfThePublishedVector) {
  // One key three times is DES: FIPS 46-3 example.
  const auto key = from_hex("133457799BBCDFF1133457799BBCDFF1133457799BBCDFF1");
  auto module = software_module(*key);
  EXPECT_EQ(*(*module)->encrypt(0x0123'4567'89AB'CDEFu), 0x85E8'1354'0F0A'B405u);
  EXPECT_EQ(*(*module)->decrypt(0x85E8'1354'0F0A'B405u), 0x0123'4567'89AB'CDEFu);
}

TEST(StsToken, TidsAreMinutesSinceTheBaseDateAndCountOnce) {
  EXPECT_EQ(*tid_of(StsBase::k1993, at("1993-01-02T00:01:30Z")), 1'441u);
  EXPECT_EQ(to_iso(time_of(StsBase::k1993, (1u << 24) - 1)), "2024-11-24T20:15:00Z");
  EXPECT_FALSE(tid_of(StsBase::k1993, at("2024-11-24T20:16:00Z")).ok());
  EXPECT_FALSE(tid_of(StsBase::k2014, at("2013-12-31")).ok());
  EXPECT_EQ(*tid_of(StsBase::k2014, at("2014-01-01")), 0u);
  TidLedger ledger;
  EXPECT_TRUE(ledger.accept("M1", 500).ok());
  EXPECT_FALSE(ledger.accept("M1", 500).ok());
  EXPECT_TRUE(ledger.accept("M2", 500).ok());
  EXPECT_TRUE(ledger.accept("M1", 499).ok()) << "out of order";
  for (std::uint32_t tid = 1'000; tid < 1'100; ++tid) EXPECT_TRUE(ledger.accept("M1", tid).ok());
  EXPECT_FALSE(ledger.accept("M1", 600).ok()) << "older than what is remembered";
}

}  // namespace
}  // namespace amity::mdm
