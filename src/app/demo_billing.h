// What the demo's utility charges: tariffs as files, and an account for every service point whose
// meter keeps intervals of energy.
#pragma once

#include <string>

#include "base/civil.h"
#include "store/registry.h"
#include "store/store.h"

namespace amity::app {

// Accounts are billed weekly from the first whole day on, so that a short history shows bills.
Status add_demo_billing(const store::MasterData& master, const TimeZone& zone,
                        const std::string& tariff_directory, store::Billing& billing);

}  // namespace amity::app
