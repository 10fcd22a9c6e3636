// Versions as text: what an engineer reads in the history of a day.
#include <gtest/gtest.h>

#include "mdm/edit/edit_desk.h"
#include "mdm/edit/final_diff.h"

namespace amity::mdm {
namespace {

using Values = std::vector<std::optional<FinalValue>>;

VeeDay six_hours() {
  VeeDay day;
  day.start = UtcSeconds(20'000LL * 86'400);
  day.length_s = 86'400;
  day.interval_s = 6 * 3'600;
  return day;
}

FinalValue actual(std::int64_t v) {
  return {v, FinalOrigin::kActual, 0, false};
}
FinalValue estimated(std::int64_t v) {
  return {v, FinalOrigin::kEstimated, 15, true};
}
FinalValue by_hand(std::int64_t v) {
  return {v, FinalOrigin::kEdited, 16, false};
}

std::string told(const std::vector<FinalVersion>& versions) {
  std::string text;
  for (const FinalVersion& v : versions) {
    text += (text.empty() ? "" : ", ") + to_iso(v.time).substr(11, 5) + " v" +
            std::to_string(v.version) + " " + code_of(v.now) + " " + std::to_string(v.now.value);
    if (v.before) text += " was " + code_of(*v.before) + " " + std::to_string(v.before->value);
  }
  return text;
}

TEST(FinalDiff, WhatTheMeterSaidFirstCostsNothing) {
  const std::vector<SlotFinal> before(4);
  const Values after{actual(10), actual(20), actual(30), actual(40)};
  const std::vector<std::optional<std::int64_t>> raw{10, 20, 30, 40};
  EXPECT_EQ(told(final_changes(six_hours(), before, after, raw)), "");
}

TEST(FinalDiff, EstimatesLateActualsAndWithdrawals) {
  const std::vector<std::optional<std::int64_t>> raw{10, std::nullopt, 30, 40};
  EXPECT_EQ(told(final_changes(six_hours(), std::vector<SlotFinal>(4),
                               Values{actual(10), estimated(25), actual(33), std::nullopt}, raw)),
            "12:00 v1 E15 25, 18:00 v1 A 33");
  const std::vector<SlotFinal> before{
      {actual(10), 1}, {estimated(25), 1}, {by_hand(33), 2}, {std::nullopt, 2}};
  EXPECT_EQ(told(final_changes(six_hours(), before,
                               Values{std::nullopt, actual(21), by_hand(33), actual(40)}, raw)),
            "06:00 v2 N 0 was A 10, 12:00 v2 A 21 was E15 25, 00:00 v3 A 40 was N 0");
}

TEST(FinalDiff, AnEditIsTakenBackUnlessSomethingStandsOnIt) {
  const VeeDay day = six_hours();
  const std::vector<FinalVersion> edit{{day.start + 6 * 3'600, 2, by_hand(11), actual(10)},
                                       {day.start + 12 * 3'600, 1, by_hand(21), std::nullopt}};
  std::vector<SlotFinal> before{
      {by_hand(11), 2}, {by_hand(21), 1}, {actual(30), 1}, {actual(40), 1}};
  Values after{by_hand(11), by_hand(21), actual(30), actual(40)};
  ASSERT_TRUE(take_back(day, edit, before, after).ok());
  EXPECT_EQ(after, (Values{actual(10), std::nullopt, actual(30), actual(40)}));
  before[1].version = 2;
  EXPECT_EQ(take_back(day, edit, before, after).error().reason,
            "the interval that ends 2024-10-04T12:00:00Z has a later version 2");
}

TEST(EditDesk, AReasonAndASecondPerson) {
  Edit edit;
  edit.kind = EditKind::kValues;
  edit.requested_by = "ana";
  edit.days = {{ChannelId(1), 20'000}};
  edit.values = {{UtcSeconds(900), 1}, {UtcSeconds(900), 2}};
  EXPECT_EQ(check_proposal(edit).error().reason, "a reason is required");
  edit.reason = "meter test of the lab";
  EXPECT_EQ(check_proposal(edit).error().reason,
            "the values must ascend by time: 1970-01-01T00:15:00Z does not");
  edit.values.pop_back();
  EXPECT_TRUE(check_proposal(edit).ok());
  const EditPolicy strict;
  EXPECT_EQ(initial_state(strict, edit.kind), EditState::kProposed);
  EXPECT_EQ(check_decision(edit, true, "ana", strict).error().reason,
            "whoever proposed an edit does not approve it");
  EXPECT_TRUE(check_decision(edit, false, "ana", strict).ok()) << "taking it back is allowed";
  EXPECT_TRUE(check_decision(edit, true, "ben", strict).ok());
  edit.state = EditState::kApplied;
  EXPECT_EQ(check_decision(edit, false, "ben", strict).error().code, ErrorCode::kConflict);
  EXPECT_EQ(initial_state({.second_person = false}, edit.kind), EditState::kApproved);
  EXPECT_EQ(initial_state({.accept_alone = true}, EditKind::kAccept), EditState::kApproved);
}

}  // namespace
}  // namespace amity::mdm
