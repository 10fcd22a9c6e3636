// A statement for people and for programs; both name the intervals behind every line.
#pragma once

#include <functional>
#include <string>

#include "base/civil.h"
#include "mdm/rate/statement.h"

namespace amity::mdm {

// What a channel is called on a bill.
using ChannelNames = std::function<std::string(ChannelId)>;

std::string to_text(const Statement& statement, const Tariff& tariff, const TimeZone& zone,
                    const ChannelNames& names);
// One object, one line.
std::string to_json(const Statement& statement, const Tariff& tariff, const TimeZone& zone,
                    const ChannelNames& names);
std::string line_name(const BillLine& line, const Tariff& tariff);
// "kWh", "kW", "days"; of the quantity.
std::string line_unit(const BillLine& line, const Tariff& tariff);
// "412.350 kWh x 0.1500"
std::string line_reckoning(const BillLine& line, const Tariff& tariff);

}  // namespace amity::mdm
