#include "edge/config.h"

#include <charconv>
#include <set>

#include "base/civil.h"
#include "driver/model_table.h"
#include "headend/address.h"

namespace amity::edge {
namespace {

using driver::ModelTable;

constexpr std::int64_t kDay_s = 86'400;

std::string with_option(const std::string& address, const std::string& option) {
  return address + (address.find('?') == address.npos ? "?" : "&") + option;
}

// How a DLMS meter is spoken to: what is not said follows from the keys that are there.
void take_security(ModelTable& table, MeterEntry& meter) {
  using dlms::Mechanism;
  const bool keys = !meter.key.empty() && !meter.authentication_key.empty();
  meter.mechanism = table.word<Mechanism>("auth",
                                          {{"none", Mechanism::kNone},
                                           {"low", Mechanism::kLow},
                                           {"md5", Mechanism::kHighMd5},
                                           {"sha1", Mechanism::kHighSha1},
                                           {"sha256", Mechanism::kHighSha256},
                                           {"gmac", Mechanism::kHighGmac}},
                                          keys                     ? Mechanism::kHighGmac
                                          : meter.password.empty() ? Mechanism::kNone
                                                                   : Mechanism::kLow);
  const int protection = table.word<int>(
      "security", {{"none", 0}, {"auth", 1}, {"enc", 2}, {"authenc", 3}}, keys ? 3 : 0);
  meter.policy.authenticate = (protection & 1) != 0;
  meter.policy.encrypt = (protection & 2) != 0;
  if (meter.key.size() == 32) meter.policy.suite = dlms::SecuritySuite::k2;
  const bool needs_keys =
      meter.policy.needs_protection() || meter.mechanism == Mechanism::kHighGmac;
  if (needs_keys && !keys) table.fail("this security wants \"key\" and \"authentication_key\"");
  const Bytes title = table.hex("client_title");
  if (needs_keys && title.size() != meter.client_title.size())
    return table.fail("this security wants \"client_title\": 8 bytes that no other client has");
  if (title.size() == meter.client_title.size())
    std::copy(title.begin(), title.end(), meter.client_title.begin());
}

MeterEntry meter_from(ModelTable& table) {
  MeterEntry meter;
  meter.serial = table.text("serial", true);
  meter.manufacturer = table.text("manufacturer");
  meter.model = table.text("model");
  meter.protocol = table.text("protocol");
  meter.service_point = table.text("service_point");
  meter.address = table.text("address");
  meter.interval_s = static_cast<std::uint32_t>(table.integer("interval_s", 60, kDay_s, 900));
  if (meter.serial.size() > kNameBytesMax || meter.service_point.size() > kNameBytesMax)
    table.fail("names have at most " + std::to_string(kNameBytesMax) + " bytes");
  if (const std::string since = table.text("since"); !since.empty()) {
    const auto time = from_iso(since);
    time.ok() ? void(meter.since = *time)
              : table.fail("\"since\" is a date, or date and time: 2026-11-01");
  }
  meter.key = table.hex("key");
  meter.authentication_key = table.hex("authentication_key");
  meter.password = table.text("password");
  if (table.has("every_s"))
    meter.address = with_option(
        meter.address, "every=" + std::to_string(table.integer("every_s", 1, kDay_s, 900)));
  if (meter.address.empty()) {
    if (meter.protocol.empty()) meter.protocol = "wmbus";
    return meter;
  }
  const auto address = headend::parse_address(meter.address);
  if (!address.ok())
    table.fail("\"address\" of meter " + meter.serial + ": " + address.error().reason);
  if (meter.protocol.empty())
    meter.protocol = meter.address.substr(0, meter.address.find_first_of("+:"));
  if (meter.protocol == "iec62056") meter.protocol = "iec62056-21";
  if (meter.protocol == "dlms") take_security(table, meter);
  return meter;
}

void check_receiver(ModelTable& table, const std::string& url) {
  const std::string stream = stream_address_of(url);
  const std::string checked = stream.empty() && url.starts_with("listen+") ? "sml+" + url.substr(7)
                              : stream.empty() && url.starts_with("udp://")
                                  ? "sml+tcp" + url.substr(3)
                                  : stream;
  if (checked.empty())
    return table.fail(
        "a receiver's \"address\" begins with tcp://, serial://, listen+tcp:// or udp://");
  const auto address = headend::parse_address(checked);
  if (!address.ok()) table.fail("receiver " + url + ": " + address.error().reason);
}

void take_reading(ModelTable& table, ReadingConfig& reading) {
  if (table.has("zone")) reading.zone = table.text("zone");
  if (!TimeZone::find(reading.zone).ok())
    table.fail("\"zone\": there is no time zone " + reading.zone);
  reading.read_every_s = static_cast<std::uint32_t>(table.integer("read_every_s", 1, kDay_s, 900));
  reading.set_clocks = table.word<bool>("set_clocks", {{"no", false}, {"yes", true}}, false);
  std::set<std::string> serials;
  table.tables("meter", [&](ModelTable& t) {
    reading.meters.push_back(meter_from(t));
    if (!serials.insert(reading.meters.back().serial).second) t.fail("two meters have this serial");
  });
  if (reading.meters.size() > kDevicesPerEdgeMax) table.fail("too many meters");
  table.tables("receiver", [&](ModelTable& t) {
    reading.receivers.push_back(t.text("address", true));
    check_receiver(t, reading.receivers.back());
  });
}

void take_server(ModelTable& table, EdgeConfig& config) {
  const std::string server = table.text("server", true);
  const std::size_t colon = server.rfind(':');
  const char* const end = server.data() + server.size();
  if (colon == server.npos || colon == 0 ||
      std::from_chars(server.data() + colon + 1, end, config.server.port).ptr != end)
    return table.fail("\"server\" is HOST:PORT");
  config.server.host = server.substr(0, colon);
}

template <class Take>
Status parse(std::string_view text, std::string_view file, Take take) {
  if (text.size() > kConfigurationBytesMax)
    return make_error(ErrorCode::kLimit, std::string(file) + " is too large");
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const auto& begin = parsed.error().source().begin;
    return make_error(ErrorCode::kMalformed, std::string(file) + ":" + std::to_string(begin.line) +
                                                 ":" + std::to_string(begin.column) + ": " +
                                                 std::string(parsed.error().description()));
  }
  driver::ModelFile about{file, {}};
  ModelTable table(about, parsed.table());
  take(table);
  table.finish();
  return about.status;
}

}  // namespace

std::string stream_address_of(const std::string& receiver) {
  const bool opened = receiver.starts_with("tcp://") || receiver.starts_with("serial://");
  return opened ? "sml+" + receiver : std::string();
}

Result<EdgeConfig> parse_edge_config(std::string_view text, std::string_view file) {
  EdgeConfig config;
  AMITY_CHECK(parse(text, file, [&](ModelTable& table) {
    take_server(table, config);
    config.certificate = table.text("certificate", true);
    config.key = table.text("key", true);
    config.authority = table.text("ca", true);
    config.data = table.text("data", true);
    config.buffer_bytes = static_cast<std::uint64_t>(table.integer("buffer_mib", 1, 1 << 20, 256))
                          << 20;
    config.update_key = table.hex("update_key");
    if (!config.update_key.empty() && config.update_key.size() != 32)
      table.fail("\"update_key\" is an Ed25519 key of 32 bytes");
    config.update_confirm_min =
        static_cast<std::uint32_t>(table.integer("update_confirm_min", 1, 1'440, 10));
    take_reading(table, config.reading);
  }));
  return config;
}

Result<ReadingConfig> parse_reading_config(std::string_view text, std::string_view file) {
  ReadingConfig reading;
  AMITY_CHECK(parse(text, file, [&](ModelTable& table) { take_reading(table, reading); }));
  return reading;
}

}  // namespace amity::edge
