#include "mdm/rate/statement_text.h"

#include <fmt/format.h>

#include <numeric>

#include "base/json_text.h"

namespace amity::mdm {
namespace {

std::string money(std::int64_t amount, const Tariff& tariff) {
  return to_string(Decimal{amount, -tariff.decimals});
}

// "" or "31/31", "14/30": of a month, in lowest terms where it spans several.
std::string share_text(std::int64_t shares) {
  if (shares == 0) return "";
  if (shares % kMonthShares == 0) return fmt::format("{} month", shares / kMonthShares);
  const std::int64_t divisor = std::gcd(shares, kMonthShares);
  return fmt::format("{}/{} month", shares / divisor, kMonthShares / divisor);
}

std::string trace_text(const BillLine& line, const Tariff& tariff, const TimeZone& zone,
                       const ChannelNames& names) {
  const Trace& t = line.trace;
  if (line.kind == LineKind::kMinimum)
    return fmt::format("reached {}", to_string(Decimal{t.sum, -tariff.decimals}));
  if (!t.channel.valid()) return "";
  const auto amount = [&](std::int64_t v) {
    return to_string(
        Decimal{v, t.exponent - (line.kind == LineKind::kDemand ? tariff.unit_exponent : 0)});
  };
  std::string text = fmt::format(
      "{}: {} interval{}, {} to {}, sum {} {}", names(t.channel), t.slots, t.slots == 1 ? "" : "s",
      zone.to_iso_local(t.from), zone.to_iso_local(t.to), to_string(Decimal{t.sum, t.exponent}),
      line.kind == LineKind::kReactive ? "varh" : std::string(symbol(tariff.unit)));
  if (t.against.valid() && line.kind == LineKind::kReactive)
    text += fmt::format("\n      {} free against {}", to_string(Decimal{t.netted, t.exponent}),
                        names(t.against));
  else if (t.against.valid())
    text += fmt::format("\n      {} netted with {}", to_string(Decimal{t.netted, t.exponent}),
                        names(t.against));
  if (t.earlier_peak != 0)
    text += fmt::format("\n      ratchet of an earlier {} {}", amount(t.earlier_peak),
                        demand_unit_text(tariff));
  return text;
}

void member(std::string& out, const char* name, const std::string& text) {
  out += fmt::format(",\"{}\":", name);
  append_json_string(out, text);
}

}  // namespace

std::string line_unit(const BillLine& line, const Tariff& tariff) {
  switch (line.kind) {
    case LineKind::kEnergy:
      return unit_text(tariff);
    case LineKind::kDemand:
      return demand_unit_text(tariff);
    case LineKind::kReactive:
      return tariff.unit_exponent == 3 ? "kvarh" : "varh";
    case LineKind::kFixed:
    case LineKind::kMinimum:
      return line.month_shares == 0 && line.quantity != 1 ? "days" : "";
    case LineKind::kTax:
      return tariff.currency;
  }
  return "";
}

std::string line_reckoning(const BillLine& line, const Tariff& tariff) {
  const std::string price = to_string(line.price);
  if (line.kind == LineKind::kTax)
    return fmt::format("{} % of {}", price, to_string(Decimal{line.quantity, line.exponent}));
  const std::string share = share_text(line.month_shares);
  if (line.kind == LineKind::kFixed || line.kind == LineKind::kMinimum) {
    if (!share.empty()) return fmt::format("{} x {}", share, price);
    const Per per = line.kind == LineKind::kFixed ? tariff.fixed[line.item].per
                                                  : tariff.minimum[line.item].per;
    if (per == Per::kPeriod) return fmt::format("1 bill x {}", price);
    return fmt::format("{} day{} x {}", line.quantity, line.quantity == 1 ? "" : "s", price);
  }
  return fmt::format("{} {} x {}{}{}", to_string(Decimal{line.quantity, line.exponent}),
                     line_unit(line, tariff), price, share.empty() ? "" : " x ", share);
}

std::string line_name(const BillLine& line, const Tariff& tariff) {
  switch (line.kind) {
    case LineKind::kEnergy: {
      const EnergyItem& item = tariff.energy[line.item];
      return item.tiers.size() == 1 ? item.name
                                    : fmt::format("{}, tier {}", item.name, line.tier + 1);
    }
    case LineKind::kDemand: {
      const DemandItem& item = tariff.demand[line.item];
      return item.tiers.size() == 1 ? item.name
                                    : fmt::format("{}, tier {}", item.name, line.tier + 1);
    }
    case LineKind::kReactive:
      return tariff.reactive[line.item].name;
    case LineKind::kFixed:
      return tariff.fixed[line.item].name;
    case LineKind::kMinimum:
      return tariff.minimum[line.item].name;
    case LineKind::kTax:
      return tariff.taxes[line.item].name;
  }
  return "?";
}

std::string to_text(const Statement& s, const Tariff& tariff, const TimeZone& zone,
                    const ChannelNames& names) {
  std::string out = fmt::format("Account {}   {}   {} to {}, {} days\n", s.account, tariff.name,
                                zone.to_iso_local(s.from), zone.to_iso_local(s.to), s.days);
  for (const BillLine& line : s.lines) {
    out += fmt::format("  {:<28} {:<38} {:>12}\n", line_name(line, tariff), line_reckoning(line, tariff),
                       money(line.amount, tariff));
    const std::string trace = trace_text(line, tariff, zone, names);
    if (!trace.empty()) out += "      " + trace + "\n";
  }
  out += fmt::format("  {:<28} {:<38} {:>12}\n", "TOTAL", tariff.currency, money(s.total, tariff));
  if (s.power_factor_permille >= 0)
    out += fmt::format("  power factor {}\n", to_string(Decimal{s.power_factor_permille, -3}));
  for (const Hold& hold : s.holds) out += "  HELD: " + explain(hold) + "\n";
  return out;
}

std::string to_json(const Statement& s, const Tariff& tariff, const TimeZone& zone,
                    const ChannelNames& names) {
  std::string out = "{\"account\":";
  append_json_string(out, s.account);
  member(out, "tariff", tariff.name);
  member(out, "from", zone.to_iso_local(s.from));
  member(out, "to", zone.to_iso_local(s.to));
  out += fmt::format(",\"days\":{}", s.days);
  member(out, "currency", tariff.currency);
  out += ",\"lines\":[";
  for (const BillLine& line : s.lines) {
    out += &line == s.lines.data() ? "{\"kind\":" : ",{\"kind\":";
    append_json_string(out, to_string(line.kind));
    member(out, "name", line_name(line, tariff));
    member(out, "quantity", to_string(Decimal{line.quantity, line.exponent}));
    member(out, "unit", line_unit(line, tariff));
    if (line.month_shares != 0) member(out, "share", share_text(line.month_shares));
    member(out, line.kind == LineKind::kTax ? "percent" : "price", to_string(line.price));
    member(out, "amount", money(line.amount, tariff));
    if (line.trace.channel.valid()) {
      const Trace& t = line.trace;
      out += fmt::format(",\"trace\":{{\"intervals\":{}", t.slots);
      member(out, "channel", names(t.channel));
      member(out, "from", to_iso(t.from));
      member(out, "to", to_iso(t.to));
      member(out, "sum", to_string(Decimal{t.sum, t.exponent}));
      if (t.against.valid()) {
        member(out, "against", names(t.against));
        member(out, "netted", to_string(Decimal{t.netted, t.exponent}));
      }
      if (t.earlier_peak != 0)
        member(out, "earlier_peak", to_string(Decimal{t.earlier_peak, line.exponent}));
      out += "}";
    }
    out += "}";
  }
  out += "]";
  member(out, "total", money(s.total, tariff));
  if (s.power_factor_permille >= 0)
    member(out, "power_factor", to_string(Decimal{s.power_factor_permille, -3}));
  out += ",\"holds\":[";
  for (const Hold& hold : s.holds) {
    if (&hold != s.holds.data()) out += ',';
    append_json_string(out, explain(hold));
  }
  return out + "]}\n";
}

}  // namespace amity::mdm
