#include "wire/decode/report_writer.h"

namespace amity::decode {

ReportWriter::ReportWriter(const DecodeOptions& options, std::vector<DecodedFrame>& out)
    : options_(options), out_(out) {
  report_.explain = options.explain;
}

std::string ReportWriter::take_json() {
  std::string json;
  if (options_.complete) options_.complete(report_);
  wire::append_json(report_, json);
  return json;
}

void ReportWriter::add(std::size_t offset, Status status) {
  if (status.ok()) {
    out_.push_back({offset, take_json(), {}});
    return;
  }
  const bool something = !report_.readings.empty() || !report_.meter.id.empty();
  Error error = std::move(status).error();
  error.offset += offset;
  out_.push_back({offset, std::move(error), something ? take_json() : std::string()});
}

void ReportWriter::fail(std::size_t offset, ErrorCode code, std::string reason) {
  out_.push_back({offset, make_error(code, std::move(reason), offset), {}});
}

}  // namespace amity::decode
