// The register map of a model, as wire/modbus reads with it.
#pragma once

#include "driver/meter_model.h"
#include "wire/modbus/register_map.h"

namespace amity::driver {

// Words of the map point into the model, which outlives it and every report made with it.
Result<modbus::RegisterMap> register_map_of(const MeterModel& model);

}  // namespace amity::driver
