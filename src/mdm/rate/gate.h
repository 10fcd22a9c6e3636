// The billing gate: what is missing, estimated or not resolved holds a bill.
#pragma once

#include "mdm/rate/statement.h"

namespace amity::mdm {

void pass_gate(const GatePolicy& policy, const EnergyUse& use, std::size_t slots,
               std::uint32_t unreconciled_days, Measured measured, std::vector<Hold>& holds);

}  // namespace amity::mdm
