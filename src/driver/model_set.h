// All meter models at hand: the one that a frame's meter is of.
#pragma once

#include <unordered_map>
#include <vector>

#include "driver/meter_model.h"
#include "wire/report/report.h"

namespace amity::driver {

class ModelSet {
 public:
  // Two models with the same detection are an error: which one a meter is of must not depend on the
  // order of files.
  Status add(MeterModel model);
  // The model with the most specific detection that agrees; null: none does, the generic mapping
  // reads the meter.
  const MeterModel* find(const wire::Report& report) const;

  // Of the DLMS pushes of all models.
  const obis::ValueLists& value_lists() const { return value_lists_; }

  std::size_t size() const { return models_.size(); }
  const std::vector<MeterModel>& models() const { return models_; }

 private:
  struct Entry {
    std::size_t model = 0, detection = 0;
  };
  std::vector<MeterModel> models_;
  obis::ValueLists value_lists_;
  // By protocol and manufacturer; "" stands for any manufacturer.
  std::unordered_map<std::string, std::vector<Entry>> by_maker_;
};

}  // namespace amity::driver
