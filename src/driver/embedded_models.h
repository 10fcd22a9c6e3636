// The meter models of `meters/`, built into the binary: nothing has to be installed beside it.
#pragma once

#include <span>
#include <string_view>

#include "driver/model_set.h"

namespace amity::driver {

struct ModelText {
  std::string_view file;  // "kamstrup-multical-21.toml"
  std::string_view toml;
};

// Sorted by file. Static.
std::span<const ModelText> embedded_models();

// The embedded models and those that are given besides; one with the file name of an embedded model
// takes its place.
Result<ModelSet> load_models(std::span<const ModelText> others = {});

}  // namespace amity::driver
