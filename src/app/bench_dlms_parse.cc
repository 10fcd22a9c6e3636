// A load profile of 96 rows x 6 columns (clock and five uint32) as a GET.response, through the
// generic parser: no layout is known beforehand. The figure covers the APDU and the whole tree of
// values; details add reading every value.

#include <algorithm>
#include <array>

#include "app/bench.h"
#include "runtime/system.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/data_value.h"

namespace amity::app {
namespace {

// Rounds are short, so that on a busy machine most of them run undisturbed.
constexpr int kRows = 96, kColumns = 6, kRounds = 1'001, kBuffersPerRound = 100;

// The values differ from row to row and cover the whole width of a uint32.
Bytes load_profile() {
  Bytes value;
  dlms::DataWriter writer(value);
  writer.array(kRows);
  const UtcSeconds midnight(1'795'219'200);
  for (int row = 0; row < kRows; ++row) {
    writer.structure(kColumns);
    writer.octet_string(dlms::date_time_utc(midnight + (row + 1) * std::int64_t{900}));
    for (int column = 1; column < kColumns; ++column) {
      writer.uint32(static_cast<std::uint32_t>(row * column) * 2'654'435'761u);
    }
  }
  Bytes apdu;
  encode(
      dlms::GetResponseNormal{dlms::InvokeId::make(1), {dlms::DataAccessResult::kSuccess, value}},
      apdu);
  return apdu;
}

bool parse(ByteView apdu, dlms::DataTree& tree) {
  const auto decoded = dlms::decode_apdu(apdu);
  if (!decoded.ok()) return false;
  const auto* response = std::get_if<dlms::GetResponseNormal>(&*decoded);
  return response != nullptr && tree.parse(response->result.data).ok();
}

// Every value as a number, every clock as an instant.
std::int64_t read_all(const dlms::DataTree& tree) {
  std::int64_t sum = 0;
  for (const dlms::DataView row : tree.root()) {
    for (const dlms::DataView cell : row) {
      if (cell.type() == dlms::DataType::kOctetString) {
        const auto time = dlms::date_time_from(cell.bytes());
        if (time.ok()) sum += to_utc(*time, dlms::DeviationSign::kStandard, nullptr)->time.value;
      } else {
        sum += cell.number();
      }
    }
  }
  return sum;
}

// Microseconds per call: the median of the rounds, and the best of them.
template <class Work>
std::pair<double, double> microseconds(Work work) {
  runtime::SystemClock clock;
  std::array<double, kRounds> rounds{};
  for (double& round : rounds) {
    const Instant start = clock.now();
    for (int i = 0; i < kBuffersPerRound; ++i) work();
    round = static_cast<double>((clock.now() - start).count()) / kBuffersPerRound;
  }
  std::sort(rounds.begin(), rounds.end());
  return {rounds[kRounds / 2], rounds[0]};
}

}  // namespace

BenchResult bench_dlms_parse() {
  const Bytes apdu = load_profile();
  dlms::DataTree tree;
  std::int64_t sum = 0;
  bool ok = true;
  const auto [median, best] = microseconds([&] { ok = parse(apdu, tree) && ok; });
  const auto [median_read, best_read] = microseconds([&] {
    ok = parse(apdu, tree) && ok;
    sum += read_all(tree);
  });
  BenchResult result;
  result.name = "dlms-parse";
  result.figure = ok ? median : -1;
  result.unit = "us/buffer";
  result.lower_is_better = true;
  result.details = {{"best_us", best},
                    {"parse_and_read_all_us", median_read},
                    {"parse_and_read_all_best_us", best_read},
                    {"bytes", static_cast<double>(apdu.size())},
                    {"values", static_cast<double>(tree.node_count())},
                    {"checksum", static_cast<double>(sum & 0xFFFF)}};
  return result;
}

}  // namespace amity::app
