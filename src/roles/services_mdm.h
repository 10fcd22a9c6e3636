// The figures of validation, for /metrics.
#pragma once

#include <vector>

#include "api/services.h"
#include "roles/mdm_role.h"

namespace amity::roles {

void add_mdm_metrics(std::vector<api::Metric>& out, const MdmRole& mdm);

}  // namespace amity::roles
