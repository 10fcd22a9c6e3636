#include "app/demo_billing.h"

#include <filesystem>
#include <fstream>
#include <unordered_map>
#include <unordered_set>

namespace amity::app {
namespace {

constexpr const char* kHome = R"(version = 1
name = "Home, day and night"
currency = "AUD"
unit = "kWh"
buckets = ["peak", "shoulder", "off-peak"]

[[schedule]]
days = "weekdays"
from = "15:00"
to = "21:00"
bucket = "peak"
[[schedule]]
from = "07:00"
to = "22:00"
bucket = "shoulder"
[[schedule]]
from = "22:00"
to = "07:00"
bucket = "off-peak"

[[energy]]
name = "Energy, peak"
buckets = ["peak"]
price = "0.4150"
[[energy]]
name = "Energy, shoulder"
buckets = ["shoulder"]
price = "0.2640"
[[energy]]
name = "Energy, off-peak"
buckets = ["off-peak"]
price = "0.1890"
[[energy]]
name = "Solar fed in"
channel = "export"
credit = true
price = "0.0500"
[[fixed]]
name = "Supply"
per = "day"
price = "1.0560"
[[tax]]
name = "GST"
percent = "10"

[gate]
estimated_permille = 150
)";

constexpr const char* kBusiness = R"(version = 1
name = "Business, with demand"
currency = "AUD"
unit = "kWh"

[[energy]]
name = "Energy"
per = "month"
tiers = [{ upto = "2000", price = "0.2210" }, { price = "0.1980" }]
[[energy]]
name = "Solar fed in"
channel = "export"
credit = true
price = "0.0500"
[[demand]]
name = "Highest demand"
window_min = 30
prorated = true
price = "9.8500"
[[fixed]]
name = "Supply"
per = "day"
price = "1.9800"
[[tax]]
name = "GST"
percent = "10"

[gate]
estimated_permille = 150
)";

Status write_tariff(const std::string& directory, const std::string& name, const char* text,
                    const TimeZone& zone) {
  const std::string file = directory + "/" + name + ".toml";
  if (std::filesystem::exists(file)) return {};
  std::ofstream out(file);
  out << "zone = \"" << zone.name() << "\"\n" << text;
  out.close();
  if (!out) return make_error(ErrorCode::kIo, file + " cannot be written");
  return {};
}

// The first local date that begins at or after `time`.
std::int32_t first_whole_day(const TimeZone& zone, UtcSeconds time) {
  const CivilTime civil = zone.local(time);
  const UtcSeconds midnight = utc_from_civil(civil.year, civil.month, civil.day, 0, 0, 0);
  const auto day = static_cast<std::int32_t>(midnight.value / 86'400);
  return zone.start_of_day(time) == time ? day : day + 1;
}

}  // namespace

Status add_demo_billing(const store::MasterData& master, const TimeZone& zone,
                        const std::string& tariff_directory, store::Billing& billing) {
  std::error_code failed;
  std::filesystem::create_directories(tariff_directory, failed);
  if (failed) return make_error(ErrorCode::kIo, tariff_directory + ": " + failed.message());
  AMITY_CHECK(write_tariff(tariff_directory, "home", kHome, zone));
  AMITY_CHECK(write_tariff(tariff_directory, "business", kBusiness, zone));
  std::unordered_map<CustomerId, std::string> classes;
  for (const Customer& c : master.customers) classes[c.id] = c.customer_class;
  std::unordered_map<ServicePointId, const ServicePoint*> points;
  for (const ServicePoint& p : master.service_points) points[p.id] = &p;
  std::unordered_set<DeviceId> with_intervals;
  for (const Channel& c : master.channels) {
    if (c.kind == ChannelKind::kInterval && c.unit == Unit::kWattHour && c.name == "import")
      with_intervals.insert(c.device);
  }
  std::vector<BillingAccount> accounts;
  for (const Device& d : master.devices) {
    const auto point = points.find(d.service_point);
    if (!with_intervals.contains(d.id) || point == points.end()) continue;
    if (!point->second->customer.valid()) continue;
    BillingAccount a;
    a.name = "A-" + point->second->name;
    a.service_point = d.service_point;
    a.customer = point->second->customer;
    a.tariff = classes[a.customer] == "residential" ? "home" : "business";
    a.opened = first_whole_day(zone, d.commissioned);
    a.cycle = BillingCycle::kWeek;
    a.bill_day = ((a.opened + 3) % 7 + 7) % 7 + 1;
    accounts.push_back(std::move(a));
  }
  return billing.add_accounts(accounts);
}

}  // namespace amity::app
