#include "app/read_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/exit_codes.h"
#include "app/read_meter.h"
#include "app/read_mm.h"
#include "app/read_options.h"
#include "app/read_printer.h"
#include "headend/device_link.h"
#include "headend/limits.h"
#include "runtime/reactor.h"

namespace amity::app {

namespace {

using headend::DeviceLink;

constexpr dlms::Obis kFrameCounterObis{0, 0, 43, 1, 0, 255};
constexpr std::uint16_t kPublicClient = 16;
constexpr std::size_t kObjectsPerRequest = 16;

struct Reader {
  ReadPlan plan;
  bool json = false;
  Runtime runtime;
  headend::ConnectionPool pool;
  dlms::MemoryCounters counters;
  Status status;
  std::size_t refused = 0;
};

dlms::AttributeRequest attribute(std::uint16_t class_id, const dlms::Obis& obis,
                                 std::int8_t index) {
  dlms::AttributeRequest request;
  request.attribute = {class_id, obis, index};
  return request;
}

// A meter accepts only counters above all it has seen: the public client may ask which.
Task<Result<std::uint32_t>> ask_counter(Reader& r) {
  headend::Address address = r.plan.address;
  address.link.client_sap = kPublicClient;
  dlms::ClientConfig config;
  config.link = address.link;
  config.response_timeout = r.plan.client.response_timeout;
  DeviceLink link(r.runtime, r.pool, address, config, nullptr);
  AMITY_CO_CHECK(co_await link.connect());
  AMITY_CO_TRY(const Bytes encoded, co_await link.get_value(attribute(1, kFrameCounterObis, 2)));
  co_await link.release();
  dlms::DataTree tree;
  AMITY_CO_CHECK(tree.parse(encoded));
  AMITY_CO_TRY(const std::uint64_t counter, tree.root().as_uint());
  co_return static_cast<std::uint32_t>(counter);
}

Task<Result<std::vector<headend::CosemObject>>> wanted_objects(Reader& r, DeviceLink& link) {
  AMITY_CO_TRY(auto all, co_await headend::read_object_list(link));
  if (r.plan.objects.empty()) co_return all;
  std::vector<headend::CosemObject> wanted;
  for (const dlms::Obis& obis : r.plan.objects) {
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& o) { return o.obis == obis; });
    if (at == all.end())
      co_return make_error(ErrorCode::kNotFound, "the meter has no " + dlms::to_reduced(obis));
    wanted.push_back(*at);
  }
  co_return wanted;
}

bool has_scaler(std::uint16_t class_id) {
  return class_id == 3 || class_id == 4;
}
// Buffers are read with --profile; the association lists itself.
bool has_value(std::uint16_t class_id) {
  return class_id != 7 && class_id != 15;
}

Task<Status> read_values(Reader& r, DeviceLink& link) {
  AMITY_CO_TRY(const auto objects, co_await wanted_objects(r, link));
  for (std::size_t from = 0; from < objects.size(); from += kObjectsPerRequest) {
    const std::size_t until = std::min(objects.size(), from + kObjectsPerRequest);
    std::vector<dlms::AttributeRequest> requests;
    for (std::size_t i = from; i < until; ++i) {
      const auto& o = objects[i];
      requests.push_back(attribute(o.class_id, o.obis, has_value(o.class_id) ? 2 : 1));
      if (has_scaler(o.class_id)) requests.push_back(attribute(o.class_id, o.obis, 3));
    }
    AMITY_CO_TRY(const auto items, co_await link.get(std::move(requests)));
    std::size_t at = 0;
    for (std::size_t i = from; i < until; ++i) {
      const auto& o = objects[i];
      const dlms::ItemResult& item = items[at++];
      ReadValue value{o.class_id, o.obis, has_value(o.class_id) ? std::int8_t{2} : std::int8_t{1},
                      "",         "",     item.ok()};
      std::int8_t exponent = 0;
      if (has_scaler(o.class_id)) {
        const auto scaler = headend::parse_scaler(items[at++].data);
        if (scaler.ok()) {
          exponent = scaler->exponent;
          value.unit = dlms_unit_symbol(static_cast<std::uint8_t>(scaler->unit));
        }
      }
      value.text =
          item.ok() ? value_text(item.data, exponent) : std::string(dlms::to_string(item.access));
      r.refused += item.ok() ? 0 : 1;
      print_value(value, r.json);
    }
  }
  co_return Status{};
}

Task<Status> read_profile(Reader& r, DeviceLink& link) {
  AMITY_CO_TRY(const auto profile, co_await headend::read_profile_layout(link, *r.plan.profile));
  dlms::AttributeRequest request = attribute(7, profile.obis, 2);
  request.selection = headend::range_selection(r.plan.from, r.plan.to, headend::MeterTime{});
  AMITY_CO_TRY(const Bytes encoded, co_await link.get_value(std::move(request)));
  dlms::DataTree tree;
  AMITY_CO_CHECK(tree.parse(encoded));
  AMITY_CO_TRY(const auto rows, headend::parse_profile(tree.root(), profile, headend::MeterTime{},
                                                       headend::kProfileRowsMax));
  print_rows(profile, rows, r.json);
  if (rows.refused != 0)
    fmt::print(stderr, "{} rows without a usable time were left out\n", rows.refused);
  co_return Status{};
}

Task<Status> read_meter(Reader& r) {
  if (r.plan.ciphered()) {
    if (!r.plan.counter) {
      auto asked = co_await ask_counter(r);
      if (!asked.ok()) {
        co_return make_error(asked.error().code,
                             "the meter's invocation counter could not be read (" +
                                 to_string(asked.error()) + "): give counter=N in the URL");
      }
      r.plan.counter = *asked + 1;
    }
    r.counters.set_next(*r.plan.counter);
  }
  DeviceLink link(r.runtime, r.pool, r.plan.address, r.plan.client,
                  r.plan.ciphered() ? &r.counters : nullptr);
  AMITY_CO_CHECK(co_await link.connect());
  Status status;
  if (r.plan.profile) {
    status = co_await read_profile(r, link);
  } else {
    status = co_await read_values(r, link);
  }
  if (status.ok()) co_await link.release();
  co_return status;
}

Task<void> run(Reader& r, runtime::Reactor& reactor) {
  r.status = co_await read_meter(r);
  r.runtime.timers.post([&reactor] { reactor.stop(); });
}

void add_options(CLI::App& app, ReadOptions& o) {
  app.add_option("url", o.url,
                 "dlms+tcp, dlms+hdlc, c1222+tcp, mbus+tcp, iec62056+tcp, modbus+tcp, p1+tcp, sml+tcp, "
                 "mm+tcp, ...+tls or ...+serial, then ://HOST:PORT or ://PATH, then ?NAME=VALUE&... as below")
      ->required();
  app.add_option("obis", o.obis, "objects to read, e.g. 1-0:1.8.0; none: the whole association");
  app.add_option("--profile", o.profile, "the rows of this profile, e.g. 1-0:99.1.0; of C12.22 and IEC 62056-21 "
                 "the load profile, whatever is said here");
  app.add_option("--from", o.from,
                 "rows after this time, e.g. 2026-11-20T00:00Z (default: a day before --to)");
  app.add_option("--to", o.to, "rows until this time (default: now)");
  app.add_option("--timeout", o.timeout_s, "seconds to wait for each answer")
      ->check(CLI::Range(1, 600));
  app.add_flag("--json", o.json, "one JSON object a line");
  app.footer(
      "dlms+tcp:// is the TCP wrapper (IEC 62056-47), dlms+hdlc:// HDLC frames over a TCP stream "
      "(IEC 62056-46).\n"
      "In the URL:\n"
      "  client=16 server=1         addresses (wPorts; in HDLC client and logical device)\n"
      "  physical=17 size=1|2|4     HDLC only: physical device, bytes of the server address\n"
      "  gateway=NETWORK/HEXADDR    behind a concentrator: network id and physical device address "
      "of the E6 prefix\n"
      "  auth=none|low|md5|sha1|sha256|gmac password=..\n"
      "  security=none|auth|enc|authenc key=HEX auth-key=HEX system-title=HEX meter-title=HEX "
      "dedicated=1\n"
      "  counter=N                  our invocation counter to begin with; without it the meter is "
      "asked\n"
      "Not DLMS:\n"
      "  c1222+tcp://HOST:PORT?called=APTITLE&calling=APTITLE&user-id=2&user=..&password=..\n"
      "            &security=none|auth|enc&key=HEX&key-id=0\n"
      "  mbus+tcp://HOST:PORT?primary=5 | secondary=IIIIIIIIMMMMVVTT [&key=HEX]\n"
      "  iec62056+tcp://HOST:PORT?device=ADDR&mode=C&password=..\n"
      "  modbus+tcp://HOST:PORT?unit=5&map=FILE     FILE: a meter model with [[register]] tables\n"
      "  p1+tcp://HOST:PORT?key=HEX, sml+tcp://HOST:PORT     the next telegram\n"
      "  mm+tcp://HOST:PORT?meter=12 DIGITS&own=12 DIGITS&key=HEX [table:N] [attribute:N]   Meters "
      "and More in our\n"
      "            own framing, not conformance-tested; DLMS over SMITP (profile 4) is dlms+tcp\n"
      "  mbus+serial:///dev/ttyUSB0?baud=2400&line=8E1&...   a port of this machine; not C12.22\n"
      "Over TLS: dlms+tls, dlms+hdlc+tls, c1222+tls, mbus+tls, iec62056+tls, modbus+tls, p1+tls, "
      "sml+tls, mm+tls\n"
      "  tls-ca=FILE                PEM: who vouches for the meter's certificate (default: the "
      "system's authorities)\n"
      "  tls-name=NAME              that it must be for (default: HOST)\n"
      "  tls-cert=FILE tls-key=FILE PEM: our own, for a meter that asks who reads it\n"
      "  bearer=g3-plc hops=4       what the path carries and how far it is: docs/links.md\n"
      "  zone=Europe/Madrid         of the meter's clock, where that shows no offset (default: UTC)\n"
      "Examples:\n"
      "  amity read 'dlms+tcp://127.16.0.1:4059?client=16' 0-0:1.0.0\n"
      "  amity read 'dlms+hdlc://127.16.0.1:4059?client=16'          (a meter of amity sim "
      "--hdlc)\n"
      "  amity read 'dlms+tcp://127.24.0.1:4059?client=16&gateway=0/4C414E3230303030303037' "
      "0-0:1.0.0\n"
      "Exit codes: 0 read, 1 failed or refused in part, 2 usage, 3 a URL, OBIS code or time that "
      "says nothing.");
}

}  // namespace

int read_command(int argc, char** argv) {
  CLI::App app{"Reads one meter, now: some objects, all of them, or the rows of a profile.",
               "amity read"};
  ReadOptions options;
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  options.timeout_given = app.count("--timeout") != 0;
  runtime::Reactor reactor;
  if (is_mm(options.url)) return read_mm(options, reactor);
  const auto address = headend::parse_address(options.url);
  if (address.ok() && address->scheme != headend::Scheme::kDlms)
    return read_meter_of(*address, options, reactor);
  auto plan = plan_read(options, reactor.runtime().clock.utc());
  if (!plan.ok()) {
    fmt::print(stderr, "amity read: {}\n", to_string(plan.error()));
    return kExitBadInput;
  }
  const Runtime runtime = reactor.runtime();
  Reader reader{
      std::move(plan).value(), options.json, runtime, headend::ConnectionPool(runtime), {}, {}, 0};
  TaskScope scope;
  scope.spawn(run(reader, reactor));
  reactor.run();
  if (!reader.status.ok()) {
    fmt::print(stderr, "amity read: {}\n", to_string(reader.status.error()));
    return kExitFailed;
  }
  return reader.refused == 0 ? kExitDone : kExitFailed;
}

}  // namespace amity::app
