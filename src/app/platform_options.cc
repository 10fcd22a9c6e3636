#include "app/platform_options.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <thread>

#include "app/version.h"
#include "base/civil.h"

namespace amity::app {

namespace {

void add_edge_options(CLI::App& app, PlatformArguments& a) {
  app.add_option("--edge-listen", a.edge_listen,
                 "take what `amity edge` gateways forward here, HOST:PORT; over TLS with "
                 "certificates of both sides (docs/formats/edge.md)")
      ->envname("AMITY_EDGE_LISTEN");
  app.add_option("--edge-ca", a.edge_ca,
                 "PEM file of the authority that vouches for edges' certificates; their common "
                 "names are registered with `amity admin edge`")
      ->envname("AMITY_EDGE_CA");
  app.add_option("--edge-config", a.edge_config,
                 "folder with NAME.toml for each edge: what it is to read; a changed file is sent "
                 "within seconds, and used or refused with its line and reason")
      ->envname("AMITY_EDGE_CONFIG_DIR");
  app.add_option(
         "--edge-updates", a.edge_updates,
         "folder with programs for edges: NAME, NAME.manifest, NAME.sig (docs/formats/edge.md)")
      ->envname("AMITY_EDGE_UPDATES");
  app.add_option("--edge-certificate", a.edge_certificate,
                 "PEM file, what edges are shown (default: --tls-certificate)")
      ->envname("AMITY_EDGE_CERTIFICATE");
  app.add_option("--edge-key", a.edge_key, "PEM file (default: --tls-key)")
      ->envname("AMITY_EDGE_KEY");
}

// What validation, editing and billing do.
void add_billing_options(CLI::App& app, PlatformArguments& a) {
  app.add_option("--vee-rules", a.vee_rules,
                 "rules of validation per class and unit (TOML; `amity vee --print-rules` shows "
                 "those that count without it)")
      ->envname("AMITY_VEE_RULES");
  app.add_option("--vee-facts", a.vee_facts,
                 "holidays, ratings, dials, check channels, class profiles (TOML, "
                 "docs/formats/vee_facts.md)")
      ->envname("AMITY_VEE_FACTS");
  app.add_option("--reread-days", a.reread_days,
                 "days that a meter is asked again before missing intervals are estimated")
      ->check(CLI::Range(0u, 60u))
      ->capture_default_str();
  app.add_option("--bill-day", a.bill_day, "day of the month that bills are made on")
      ->check(CLI::Range(1, 28))
      ->capture_default_str();
  app.add_option("--tariffs", a.tariffs,
                 "folder of tariffs: NAME.toml (docs/formats/tariff.md) or NAME.json, one rate of "
                 "OpenEI URDB (default: DATA/tariffs)")
      ->envname("AMITY_TARIFFS");
  app.add_flag("--edit-alone", a.edit_alone,
               "edits of final values count at once; otherwise a second person approves them");
}

}  // namespace

void add_platform_options(CLI::App& app, PlatformArguments& a) {
  app.set_config("--config", "",
                 "read options from this TOML file (names as here, without the dashes)")
      ->envname("AMITY_CONFIG");
  app.add_option("--listen", a.listen, "where the operations center and its API answer, HOST:PORT")
      ->envname("AMITY_LISTEN")
      ->capture_default_str();
  app.add_option("--zone", a.zone, "the utility's civil time zone, e.g. Europe/Madrid")
      ->envname("AMITY_ZONE")
      ->capture_default_str();
  app.add_option("--utility", a.utility, "the utility's name, as the page shows it")
      ->envname("AMITY_UTILITY");
  app.add_option("--master-key", a.master_key,
                 "file with the secret that opens the key ring (default: DATA/master.key, made at "
                 "the first start)")
      ->envname("AMITY_MASTER_KEY");
  app.add_option("--tls-certificate", a.tls_certificate,
                 "PEM file; with --tls-key the API speaks TLS")
      ->envname("AMITY_TLS_CERTIFICATE");
  app.add_option("--tls-key", a.tls_key, "PEM file")->envname("AMITY_TLS_KEY");
  app.add_option("--backups", a.backups,
                 "where `amity admin backup --url` puts its copies (default: DATA/backups)")
      ->envname("AMITY_BACKUPS");
  app.add_flag("--open-metrics", a.open_metrics,
               "/metrics answers without credentials; otherwise it wants an API key or a session");
  app.add_option("--push", a.push, "listen for meters' pushes here (TCP and UDP), HOST:PORT")
      ->envname("AMITY_PUSH");
  app.add_option("--listen-frames", a.listen_frames,
                 "listen here for frames that collectors, gateways and NB-IoT meters send by "
                 "themselves: wireless and wired M-Bus, SML, P1, as they are or as lines of "
                 "hexadecimal digits; tcp://:5011 or udp://:5011 (or with a host); may be repeated")
      ->envname("AMITY_LISTEN_FRAMES");
  app.add_option("--coap", a.coap,
                 "take CoAP pushes of NB-IoT and LTE-M meters here: POST /m with a frame as "
                 "payload, in blocks where it is long; udp://:5683")
      ->envname("AMITY_COAP");
  app.add_option("--stg-drop", a.stg_drop,
                 "take concentrators' report files (STG 3.1.c: S02, S05, S09, ...) out of this "
                 "folder, where their FTP puts them; each moves to done/ when it is kept, or to "
                 "failed/ with a .reason file")
      ->envname("AMITY_STG_DROP");
  app.add_option("--mqtt", a.mqtt,
                 "listen to this broker for devices and LoRaWAN network servers: "
                 "mqtt://[USER:PASSWORD@]HOST[:1883] or mqtts://; wants --mqtt-map")
      ->envname("AMITY_MQTT");
  app.add_option("--mqtt-map", a.mqtt_map,
                 "TOML file that says what JSON messages mean, for --mqtt and for POST "
                 "/api/v1/uplinks/SOURCE (docs/formats/uplink_map.md)")
      ->envname("AMITY_MQTT_MAP");
  add_edge_options(app, a);
  app.add_option("--headends", a.headends, "head-end workers; 0: one per core")
      ->capture_default_str();
  app.add_option("--read-every", a.read_every_min, "minutes between scheduled reads of a meter")
      ->capture_default_str();
  add_billing_options(app, a);
  app.add_option("--log", a.log_level, "trace, debug, info, warn, error")->capture_default_str();
}

Result<Endpoint> endpoint_from(const std::string& text) {
  const std::size_t colon = text.find_last_of(':');
  Endpoint endpoint;
  if (colon == std::string::npos || colon == 0) {
    return make_error(ErrorCode::kInvalid, "'" + text + "' is not HOST:PORT");
  }
  endpoint.host = text.substr(0, colon);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (error != std::errc{} || stop != end)
    return make_error(ErrorCode::kInvalid, "'" + text + "' is not HOST:PORT");
  return endpoint;
}

Result<std::pair<bool, Endpoint>> listen_url_from(const std::string& url) {
  const bool tcp = url.starts_with("tcp://"), udp = url.starts_with("udp://");
  const std::size_t colon = url.find_last_of(':');
  if ((!tcp && !udp) || colon < 6) {
    return make_error(ErrorCode::kInvalid,
                      "'" + url + "' is neither tcp://HOST:PORT nor udp://HOST:PORT");
  }
  const std::string place = url.substr(6);
  AMITY_TRY(Endpoint endpoint, endpoint_from(place.front() == ':' ? "*" + place : place));
  return std::pair(tcp, std::move(endpoint));
}

namespace {

// What comes by itself.
Status heard_options(const PlatformArguments& a, roles::HeardOptions& heard) {
  for (const std::string& url : a.listen_frames) {
    AMITY_TRY(auto at, listen_url_from(url));
    (at.first ? heard.frames_tcp : heard.frames_udp).push_back(std::move(at.second));
  }
  if (!a.coap.empty()) {
    AMITY_TRY(auto at, listen_url_from(a.coap));
    if (at.first) return make_error(ErrorCode::kInvalid, "--coap is over UDP: udp://HOST:PORT");
    heard.coap = std::move(at.second);
  }
  heard.stg_drop = a.stg_drop;
  heard.mqtt_url = a.mqtt;
  if (!a.mqtt.empty() && a.mqtt_map.empty())
    return make_error(ErrorCode::kInvalid, "--mqtt wants --mqtt-map: what the messages mean");
  if (!a.mqtt_map.empty()) {
    std::ifstream in(a.mqtt_map, std::ios::binary);
    if (!in) return make_error(ErrorCode::kNotFound, a.mqtt_map + ": cannot be read");
    const std::string toml{std::istreambuf_iterator<char>(in), {}};
    AMITY_TRY(heard.uplinks, heard::parse_uplink_map(toml, a.mqtt_map));
  }
  return {};
}

Status edge_options(const PlatformArguments& a, roles::EdgeOptions& edge) {
  if (a.edge_listen.empty()) return {};
  AMITY_TRY(edge.listen, endpoint_from(a.edge_listen));
  edge.authority = a.edge_ca;
  edge.configurations = a.edge_config;
  edge.programs = a.edge_updates;
  edge.certificate = a.edge_certificate.empty() ? a.tls_certificate : a.edge_certificate;
  edge.key = a.edge_key.empty() ? a.tls_key : a.edge_key;
  if (edge.authority.empty() || edge.certificate.empty() || edge.key.empty()) {
    return make_error(ErrorCode::kInvalid,
                      "--edge-listen wants --edge-ca, --edge-certificate and --edge-key");
  }
  return {};
}

// What `parse` makes of a file; its error names the file.
template <class Parse>
auto parsed_file(const std::string& path, Parse parse) -> decltype(parse(std::string_view())) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && text.empty()) return make_error(ErrorCode::kIo, path + " cannot be read");
  auto made = parse(std::string_view(text));
  if (!made.ok()) return make_error(made.error().code, path + ": " + made.error().reason);
  return made;
}

}  // namespace

Result<roles::PlatformOptions> platform_options(const PlatformArguments& a) {
  roles::PlatformOptions options;
  options.data_directory = a.data;
  options.master_secret_file = a.master_key;
  options.utility = a.utility;
  options.zone = a.zone;
  options.version = version();
  options.commit = commit();
  options.headends =
      a.headends != 0 ? a.headends : std::max(1u, std::thread::hardware_concurrency());
  if (a.read_every_min == 0 || a.read_every_min > 24 * 60) {
    return make_error(ErrorCode::kInvalid, "--read-every must be 1 to 1440 minutes");
  }
  options.headend.read.interval_s = a.read_every_min * 60;
  AMITY_TRY(options.http.listen, endpoint_from(a.listen));
  if (!a.push.empty()) {
    AMITY_TRY(options.headend.push.tcp, endpoint_from(a.push));
    options.headend.push.udp = options.headend.push.tcp;
  }
  AMITY_CHECK(heard_options(a, options.heard));
  AMITY_CHECK(edge_options(a, options.edge));
  if (a.tls_certificate.empty() != a.tls_key.empty()) {
    return make_error(ErrorCode::kInvalid, "--tls-certificate and --tls-key go together");
  }
  options.http.assets = api::assets();
  options.http.tls_certificate_file = a.tls_certificate;
  options.http.tls_key_file = a.tls_key;
  options.http.backup_root = a.backups;
  options.http.open_metrics = a.open_metrics;
  if (!a.vee_rules.empty()) {
    AMITY_TRY(options.mdm.rules, parsed_file(a.vee_rules, mdm::rules_from_toml));
  }
  if (!a.vee_facts.empty()) {
    AMITY_TRY(options.mdm.facts, parsed_file(a.vee_facts, mdm::facts_from_toml));
  }
  options.mdm.reread.give_up_after_s = std::int64_t{a.reread_days} * 86'400;
  options.mdm.bill_day = a.bill_day;
  options.billing.tariff_directory = a.tariffs;
  options.mdm.edits.second_person = !a.edit_alone;
  if (auto zone = TimeZone::find(a.zone); !zone.ok()) return std::move(zone).error();
  options.status.late_after_s = std::max<std::int64_t>(7'200, 2 * options.headend.read.interval_s);
  return options;
}

Status set_up_log(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    return make_error(ErrorCode::kInvalid, "--log: '" + level + "' is no level");
  }
  const auto logger = std::make_shared<spdlog::logger>(
      "amity", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  spdlog::set_default_logger(logger);
  spdlog::set_level(parsed);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S%z %^%l%$ %v");
  return {};
}

}  // namespace amity::app
