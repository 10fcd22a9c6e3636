#include "world/names.h"

#include <array>

#include "world/hash.h"

namespace amity::world {
namespace {

using Words = std::string_view;

constexpr std::array<Words, 60> kStreets = {
    "Wattle",  "Banksia", "Harbour",  "Station", "Mill",    "Orchard", "Quarry",   "Foundry", "Chapel",  "Garden",
    "Willow",  "Heron",   "Kingfisher", "Magpie", "Lantern", "Copper",  "Granite",  "Basalt",  "Ochre",   "Saddler",
    "Cooper",  "Weaver",  "Drover",   "Bridge",  "Creek",   "Ridge",   "Summit",   "Valley",  "Meadow",  "Paddock",
    "Juniper", "Cedar",   "Ironbark", "Acacia",  "Myrtle",  "Tamarind", "Clover",  "Lavender", "Saffron", "Rosella",
    "Plover",  "Curlew",  "Wren",     "Falcon",  "Brolga",  "Possum",  "Wombat",   "Signal",  "Tower",   "Market",
    "Exchange", "Reservoir", "Pump",  "Windmill", "Shearer", "Blacksmith", "Lookout", "Sunrise", "Twilight",
        "Southern"};
constexpr std::array<Words, 6> kKinds = {"Street", "Avenue", "Road", "Lane", "Parade", "Crescent"};
constexpr std::array<Words, 9> kDistricts = {"North Amity West", "North Amity", "North Amity East",
                                             "West Amity",       "Amity",       "East Amity",
                                             "South Amity West", "South Amity", "South Amity East"};
constexpr std::array<Words, 64> kFirst = {
    "Ada",   "Ben",    "Carla", "Dev",    "Elena",  "Farid",  "Grete",  "Hugo",  "Ines",   "Jonah",  "Kirra",
    "Liam",  "Mei",    "Nils",  "Odile",  "Pavel",  "Quentin", "Rosa",  "Samir", "Tess",   "Umar",   "Vera",
    "Wendy", "Xiu",    "Yara",  "Zane",   "Amara",  "Bruno",  "Chloe",  "Dmitri", "Esther", "Felix",  "Gita",
    "Henrik", "Imani", "Jarrah", "Keiko", "Lorenzo", "Marisol", "Noor", "Oscar", "Priya",  "Rafael", "Sanna",
    "Tomas", "Ursula", "Viktor", "Willa", "Yusuf",  "Zoe",    "Anton",  "Beatriz", "Callum", "Dalia", "Emil",
    "Freya", "Goran",  "Hana",  "Ivo",    "Jasmin", "Kofi",   "Lena",   "Malik", "Nadia"};
constexpr std::array<Words, 56> kLastHead = {
    "Ash",  "Birch", "Brook", "Bur",  "Cald", "Clay",  "Cope", "Dal",  "Ed",   "Elm",  "Fair", "Fen",  "Gar",  "Glen",
    "Hart", "Hazel", "Hol",   "Kel",  "Kirk", "Lang",  "Lark", "Lin",  "Marl", "Mer",  "Mos",  "New",  "Nor",  "Oak",
    "Old",  "Pem",   "Pren",  "Quil", "Ram",  "Red",   "Rush", "Sand", "Sel",  "Shel", "Stan", "Stow", "Sut",  "Tar",
    "Thorn", "Tol",  "Under", "Val",  "Wake", "Wal",   "War",  "Well", "Whit", "Wick", "Win",  "Wood", "Wyn",  "Yar"};
constexpr std::array<Words, 24> kLastTail = {"bourne", "bury",  "by",   "combe", "cott", "croft", "dale",  "den",
                                             "field",  "ford",  "grove", "ham",  "hurst", "ley",  "low",   "man",
                                             "mere",   "more",  "ridge", "shaw", "stead", "ton",  "wick",  "worth"};
constexpr std::array<Words, 12> kTrades = {"Bakery",   "Motors", "Pharmacy",  "Timber",  "Dental Care", "Laundry",
                                           "Hardware", "Café",   "Packaging", "Nursery", "Cold Store",  "Joinery"};

template <std::size_t N>
std::string pick(const std::array<Words, N>& words, std::uint64_t hash) {
  return std::string(words[hash % N]);
}

}  // namespace

std::string street_name(std::size_t index) {
  // 60 and 6 share factors: the kind moves on by one with every round of the names.
  const std::size_t name = index % kStreets.size(), round = index / kStreets.size();
  return std::string(kStreets[name]) + " " + std::string(kKinds[(name + round) % kKinds.size()]);
}

std::string suburb_name(int column, int row) {
  const int x = column < 0 ? 0 : column > 0 ? 2 : 1;
  const int y = row > 0 ? 0 : row < 0 ? 2 : 1;
  return std::string(kDistricts[static_cast<std::size_t>(y * 3 + x)]);
}

std::string person_name(std::uint64_t seed, std::uint32_t index) {
  Draw draw(seed, 0x4E414D45u, index);
  const std::string first = pick(kFirst, draw.u64());
  const std::string head = pick(kLastHead, draw.u64());
  return first + " " + head + pick(kLastTail, draw.u64());
}

std::string business_name(std::uint64_t seed, std::uint32_t index) {
  Draw draw(seed, 0x42555349u, index);
  const std::string head = pick(kLastHead, draw.u64());
  const std::string tail = pick(kLastTail, draw.u64());
  return head + tail + " " + pick(kTrades, draw.u64());
}

}  // namespace amity::world
