// Any bytes as a report.
#include "wire/stg/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  const auto report = stg::parse_report({data, size});
  if (!report.ok()) {
    AMITY_ASSERT(report.error().offset <= size);
    return 0;
  }
  std::string json;
  for (const stg::Subject& subject : report->subjects) append_json(subject.report, json);
  return 0;
}
