#include "wire/decode/push_lists.h"

namespace amity::decode {
namespace {

using dlms::Obis;

constexpr Obis electricity(std::uint8_t c, std::uint8_t d) {
  return Obis(1, 0, c, d, 0, 255);
}
constexpr Obis kSerialNumber(0, 0, 96, 1, 0, 255), kModel(0, 0, 96, 1, 7, 255),
    kClock(0, 0, 1, 0, 0, 255);

// Kaifa, list identifier KFM_001 (Norwegian HAN list): currents in mA, voltages in 0.1 V.
constexpr PushColumn kKaifaSinglePhase[] = {{kSerialNumber},
                                            {kModel},
                                            {electricity(1, 7), 0, 27},
                                            {electricity(2, 7), 0, 27},
                                            {electricity(3, 7), 0, 29},
                                            {electricity(4, 7), 0, 29},
                                            {electricity(31, 7), -3, 33},
                                            {electricity(32, 7), -1, 35},
                                            {kClock},
                                            {electricity(1, 8), 0, 30},
                                            {electricity(2, 8), 0, 30},
                                            {electricity(3, 8), 0, 32},
                                            {electricity(4, 8), 0, 32}};
constexpr PushColumn kKaifaThreePhase[] = {{kSerialNumber},
                                           {kModel},
                                           {electricity(1, 7), 0, 27},
                                           {electricity(2, 7), 0, 27},
                                           {electricity(3, 7), 0, 29},
                                           {electricity(4, 7), 0, 29},
                                           {electricity(31, 7), -3, 33},
                                           {electricity(51, 7), -3, 33},
                                           {electricity(71, 7), -3, 33},
                                           {electricity(32, 7), -1, 35},
                                           {electricity(52, 7), -1, 35},
                                           {electricity(72, 7), -1, 35},
                                           {kClock},
                                           {electricity(1, 8), 0, 30},
                                           {electricity(2, 8), 0, 30},
                                           {electricity(3, 8), 0, 32},
                                           {electricity(4, 8), 0, 32}};

constexpr PositionalList kPositional[] = {
    {"KFM_001", 9, "KFM", std::span(kKaifaSinglePhase).first(8)},
    {"KFM_001", 14, "KFM", kKaifaSinglePhase},
    {"KFM_001", 13, "KFM", std::span(kKaifaThreePhase).first(12)},
    {"KFM_001", 18, "KFM", kKaifaThreePhase},
};

// Kamstrup Omnipower: energies in 10 Wh, currents and power factors in hundredths.
constexpr PushColumn kKamstrup[] = {
    {electricity(1, 8), 1, 30},    {electricity(2, 8), 1, 30},    {electricity(3, 8), 1, 32},
    {electricity(4, 8), 1, 32},    {electricity(21, 8), 1, 30},   {electricity(22, 8), 1, 30},
    {electricity(41, 8), 1, 30},   {electricity(42, 8), 1, 30},   {electricity(61, 8), 1, 30},
    {electricity(62, 8), 1, 30},   {electricity(31, 7), -2, 33},  {electricity(51, 7), -2, 33},
    {electricity(71, 7), -2, 33},  {electricity(13, 7), -2, 255}, {electricity(33, 7), -2, 255},
    {electricity(53, 7), -2, 255}, {electricity(73, 7), -2, 255}};

constexpr PairList kPairs[] = {{"Kamstrup_", "KAM", kKamstrup}};

}  // namespace

const PositionalList* find_positional_list(std::string_view id, std::size_t items) {
  for (const PositionalList& list : kPositional) {
    if (list.id == id && list.items == items) return &list;
  }
  return nullptr;
}

const PairList* find_pair_list(std::string_view id) {
  for (const PairList& list : kPairs) {
    if (id.substr(0, list.id.size()) == list.id) return &list;
  }
  return nullptr;
}

}  // namespace amity::decode
