// Frames of meters that push, to JSON on one core: an SML frame of a two-way meter, a DSMR 5
// telegram. The figure is the slowest protocol's. Rates are per second of CPU time: other work on
// the machine does not count.

#include <algorithm>
#include <array>
#include <ctime>

#include "app/bench.h"
#include "runtime/system.h"
#include "wire/c12/decode.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"

namespace amity::app {
namespace {

constexpr int kRounds = 101, kMessagesPerRound = 2'000, kVariants = 64;

// Open, one list of values, close: what German meters push every second. The values differ from
// frame to frame.
Bytes sml_frame(int variant) {
  const Bytes id = from_hex("0A0149534B0004325EC5").value(), owner = from_hex("49534B").value();
  const Bytes file = from_hex("00682ABB").value(), list_name = from_hex("0100620AFFFF").value();
  const sml::Time now{sml::Time::Kind::kSecIndex, 6'825'875u + static_cast<unsigned>(variant), 0, 0,
                      false};
  const auto entry = [](dlms::Obis name, std::uint8_t unit, std::int8_t scaler, sml::Value value) {
    sml::ListEntry e;
    e.name = name;
    e.unit = unit;
    e.scaler = scaler;
    e.value = value;
    return e;
  };
  const auto text = [&](dlms::Obis name, ByteView octets) {
    sml::ListEntry e;
    e.name = name;
    e.value = {sml::Value::Kind::kOctets, 0, 0, octets, {}};
    return e;
  };
  sml::ListResponse list;
  list.server_id = id;
  list.list_name = list_name;
  list.time = now;
  list.entries = {
      text({1, 0, 96, 50, 1, 1}, owner), text({1, 0, 96, 1, 0, 255}, id),
      entry({1, 0, 1, 8, 0, 255}, 30, -1,
            {sml::Value::Kind::kUnsigned, 4, 19'892'730 + variant * 7'919, {}, {}}),
      entry({1, 0, 2, 8, 0, 255}, 30, -1,
            {sml::Value::Kind::kUnsigned, 4, 1'100'731 + variant, {}, {}}),
      entry({1, 0, 16, 7, 0, 255}, 27, 0, {sml::Value::Kind::kSigned, 4, 26 - variant, {}, {}})};
  list.entries[2].status = 0x1C0104;
  list.entries[2].status_width = 3;
  Bytes payload, frame;
  const sml::MessageHead head{file, 0, 0, 0};
  sml::encode_message({head, sml::OpenResponse{{}, {}, file, id, now, 1}, sml::Crc::kX25, 0, 0},
                      payload);
  sml::encode_message({head, list, sml::Crc::kX25, 0, 0}, payload);
  sml::encode_message({head, sml::CloseResponse{}, sml::Crc::kX25, 0, 0}, payload);
  sml::encode_frame(payload, sml::Crc::kX25, frame);
  return frame;
}

// The objects of DSMR 5.0.2, three phases and a gas meter.
Bytes p1_telegram(int variant) {
  Bytes telegram;
  p1::TelegramWriter writer("ISK5\\2M550T-1012", telegram);
  writer.line("1-3:0.2.8(50)");
  writer.line("0-0:1.0.0(2611201415" + std::to_string(100 + variant % 60).substr(1) + "W)");
  writer.text("0-0:96.1.1", "E0047000037261516");
  for (const char* address : {"1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"})
    writer.number(address, {4'426'001 + variant * 7'919, -3}, 6, "kWh");
  writer.line("0-0:96.14.0(0002)");
  writer.number("1-0:1.7.0", {244 + variant, -3}, 2, "kW");
  writer.number("1-0:2.7.0", {0, -3}, 2, "kW");
  writer.line("0-0:96.7.21(00013)");
  writer.line("0-0:96.7.9(00002)");
  writer.line("1-0:99.97.0(1)(0-0:96.7.19)(261101120000W)(0000000240*s)");
  for (const char* address :
       {"1-0:32.32.0", "1-0:52.32.0", "1-0:72.32.0", "1-0:32.36.0", "1-0:52.36.0", "1-0:72.36.0"}) {
    writer.line(std::string(address) + "(00002)");
  }
  writer.line("0-0:96.13.0()");
  for (const char* address : {"1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"})
    writer.number(address, {2'300 + variant % 7, -1}, 3, "V");
  for (const char* address : {"1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"})
    writer.number(address, {1 + variant % 5, 0}, 3, "A");
  for (const char* address :
       {"1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0", "1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0"}) {
    writer.number(address, {70 + variant, -3}, 2, "kW");
  }
  writer.line("0-1:24.1.0(003)");
  writer.text("0-1:96.1.0", "G0025003407123456");
  writer.line("0-1:24.2.1(261120141000W)(" +
              p1::value_text({981'443 + variant, -3}, 5, "m3").substr(1));
  writer.finish();
  return telegram;
}

// The key and the message that the standard's example gives: a partial read of table 1.
constexpr std::string_view kC12Key = "01020304050607080102030405060708";
constexpr std::string_view kC12Base = "2.16.124.113620.1.22.0";
constexpr std::string_view kC12Message =
    "604fa20580037bc175a60480027b04a803020103ac0fa20da00ba109800102810448f3d061be2a282881268841d10c"
    "da76206811b36f781489a11997773e117cb07aa3aa40374a7107c50da7f799c5d4e8";

class C12Decoder {
 public:
  C12Decoder() {
    keys_.set_base(c12::ap_title_from(kC12Base).value());
    ready_ = keys_.add(2, from_hex(kC12Key).value()).ok();
  }
  Status decode(ByteView frame, wire::Report& report) {
    report.clear();
    AMITY_CHECK(decoder_.decode(frame, report));
    if (!ready_ || !report.security.ok || report.security.mode == "none")
      return make_error(ErrorCode::kSecurity, "the message was not opened");
    return {};
  }

 private:
  c12::Keys keys_;
  c12::Decoder decoder_{keys_};
  bool ready_ = false;
};

struct Rate {
  double per_cpu_second = 0, per_second = 0, best_per_cpu_second = 0;
  double bytes = 0, json_bytes = 0;
  bool ok = true;
};

template <class Decoder>
Rate measure(const std::array<Bytes, kVariants>& messages, Decoder& decoder) {
  runtime::SystemClock clock;
  Rate rate;
  wire::Report report;
  std::string json;
  std::array<double, kRounds> cpu{}, wall{};
  for (int round = 0; round < kRounds; ++round) {
    const Instant start = clock.now();
    const std::clock_t cpu_start = std::clock();
    for (int i = 0; i < kMessagesPerRound; ++i) {
      json.clear();
      rate.ok =
          decoder.decode(messages[static_cast<std::size_t>(i % kVariants)], report).ok() && rate.ok;
      append_json(report, json);
    }
    const auto r = static_cast<std::size_t>(round);
    cpu[r] = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    wall[r] = static_cast<double>((clock.now() - start).count()) / 1e6;
  }
  std::sort(cpu.begin(), cpu.end());
  std::sort(wall.begin(), wall.end());
  rate.per_cpu_second = kMessagesPerRound / cpu[kRounds / 2];
  rate.best_per_cpu_second = kMessagesPerRound / cpu[0];
  rate.per_second = kMessagesPerRound / wall[kRounds / 2];
  rate.bytes = static_cast<double>(messages[0].size());
  rate.json_bytes = static_cast<double>(json.size());
  return rate;
}

void add_details(const std::string& name, const Rate& rate, BenchResult& result) {
  result.details.emplace_back(name + "_per_cpu_s", rate.per_cpu_second);
  result.details.emplace_back(name + "_best_per_cpu_s", rate.best_per_cpu_second);
  result.details.emplace_back(name + "_per_s", rate.per_second);
  result.details.emplace_back(name + "_cpu_us", 1e6 / rate.per_cpu_second);
  result.details.emplace_back(name + "_bytes", rate.bytes);
  result.details.emplace_back(name + "_json_bytes", rate.json_bytes);
  result.figure = rate.ok ? std::min(result.figure, rate.per_cpu_second) : -1;
}

}  // namespace

BenchResult bench_frames_decode() {
  std::array<Bytes, kVariants> sml_frames, p1_telegrams;
  for (int i = 0; i < kVariants; ++i) {
    sml_frames[static_cast<std::size_t>(i)] = sml_frame(i);
    p1_telegrams[static_cast<std::size_t>(i)] = p1_telegram(i);
  }
  BenchResult result;
  result.name = "frames-decode";
  result.unit = "messages/s of CPU";
  result.figure = 1e12;
  sml::Decoder sml_decoder;
  add_details("sml", measure(sml_frames, sml_decoder), result);
  p1::Decoder p1_decoder;
  add_details("p1", measure(p1_telegrams, p1_decoder), result);
  std::array<Bytes, kVariants> c12_messages;
  c12_messages.fill(from_hex(kC12Message).value());
  C12Decoder c12_decoder;
  add_details("c12", measure(c12_messages, c12_decoder), result);
  return result;
}

}  // namespace amity::app
