// Collects what decoders of the report shape make of a recording, frame by frame.
#pragma once

#include <string>
#include <vector>

#include "wire/decode/decode.h"
#include "wire/report/report.h"

namespace amity::decode {

class ReportWriter {
 public:
  // Both outlive the writer.
  ReportWriter(const DecodeOptions& options, std::vector<DecodedFrame>& out);

  const DecodeOptions& options() const { return options_; }
  wire::Report& report() { return report_; }
  // What a decoder made of the frame at `offset`: the report, and whether it was whole.
  void add(std::size_t offset, Status status);
  void fail(std::size_t offset, ErrorCode code, std::string reason);
  // The report as JSON; the meter's model has completed it.
  std::string take_json();

 private:
  const DecodeOptions& options_;
  std::vector<DecodedFrame>& out_;
  wire::Report report_;
};

}  // namespace amity::decode
