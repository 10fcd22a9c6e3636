#include <algorithm>

#include "driver/embedded_models.h"

namespace amity::driver {

Result<ModelSet> load_models(std::span<const ModelText> others) {
  ModelSet set;
  const auto add = [&](const ModelText& text) -> Status {
    AMITY_TRY(MeterModel model, parse_model(text.toml, text.file));
    return set.add(std::move(model));
  };
  for (const ModelText& text : embedded_models()) {
    const bool replaced = std::any_of(others.begin(), others.end(), [&](const ModelText& other) {
      return other.file == text.file;
    });
    if (!replaced) AMITY_CHECK(add(text));
  }
  for (const ModelText& text : others) AMITY_CHECK(add(text));
  return set;
}

}  // namespace amity::driver
