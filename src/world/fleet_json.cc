#include <fmt/format.h>

#include "base/json_text.h"
#include "world/fleet.h"

namespace amity::world {
namespace {

// One element per line, so that a diff and a grep say something.
template <class List, class Write>
void list(std::string& out, std::string_view name, const List& items, Write&& write) {
  out += fmt::format(",\n\"{}\":[", name);
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    write(item);
  }
  out += "\n]";
}

}  // namespace

std::string fleet_to_json(const store::MasterData& master, std::span<const DeviceSecrets> secrets,
                          std::span<const SideKey> side_keys) {
  std::string out = "{\"format\":\"amity-fleet\",\"version\":1";
  list(out, "feeders", master.feeders, [&](const Feeder& f) {
    out += fmt::format(R"({{"id":{},"name":{}}})", f.id.value, json_string(f.name));
  });
  list(out, "transformers", master.transformers, [&](const Transformer& t) {
    out += fmt::format(R"({{"id":{},"name":{},"feeder":{},"latitude":{:.6f},"longitude":{:.6f},"rating_va":{}}})",
                       t.id.value, json_string(t.name), t.feeder.value, t.latitude, t.longitude, t.rating_va);
  });
  list(out, "customers", master.customers, [&](const Customer& c) {
    out += fmt::format(R"({{"id":{},"name":{},"class":{}}})", c.id.value, json_string(c.name),
                       json_string(c.customer_class));
  });
  list(out, "service_points", master.service_points, [&](const ServicePoint& p) {
    out += fmt::format(
        R"({{"id":{},"name":{},"address":{},"latitude":{:.6f},"longitude":{:.6f},"transformer":{},"customer":{}}})",
        p.id.value, json_string(p.name), json_string(p.address), p.latitude, p.longitude,
        p.transformer.value, p.customer.value);
  });
  list(out, "devices", master.devices, [&](const Device& d) {
    out += fmt::format(
        R"({{"id":{},"serial":{},"manufacturer":{},"model":{},"firmware":{},"protocol":{},"address":{},"segment":{},)"
        R"("state":"{}","service_point":{},"interval_s":{},"commissioned":"{}","commodity":"{}"}})",
        d.id.value, json_string(d.serial), json_string(d.manufacturer), json_string(d.model), json_string(d.firmware),
        json_string(d.protocol),
        json_string(d.address), json_string(d.segment), to_string(d.state), d.service_point.value, d.interval_s,
        to_iso(d.commissioned), to_string(d.commodity));
  });
  list(out, "channels", master.channels, [&](const Channel& c) {
    out += fmt::format(
        R"({{"id":{},"device":{},"kind":"{}","name":{},"source":{},"unit":{},"exponent":{},"interval_s":{},)"
        R"("multiplier":{}}})",
        c.id.value, c.device.value, c.kind == ChannelKind::kInterval ? "interval" : "register", json_string(c.name),
        json_string(c.source), static_cast<int>(c.unit), c.exponent, c.interval_s, c.multiplier);
  });
  list(out, "keys", secrets, [&](const DeviceSecrets& s) {
    out += fmt::format(
        R"({{"device":{},"mechanism":"gmac","suite":0,"security":"authenc","system_title":"{}","client_title":"{}",)"
        R"("encryption_key":"{}","authentication_key":"{}","master_key":"{}"}})",
        s.device.value, to_hex(s.keys.title), to_hex(s.client_title), to_hex(s.keys.encryption),
        to_hex(s.keys.authentication), to_hex(s.keys.master));
  });
  if (!side_keys.empty()) {
    list(out, "device_keys", side_keys, [&](const SideKey& k) {
      out += fmt::format(R"({{"device":{},"protocol":"{}","key_id":{},"key":"{}"}})", k.device.value,
                         to_string(k.protocol), k.key_id, to_hex(k.key));
    });
  }
  return out + "\n}\n";
}

}  // namespace amity::world
