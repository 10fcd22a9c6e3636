// Services in words.
#pragma once

#include <string>

#include "wire/c12/service.h"
#include "wire/report/report.h"

namespace amity::c12 {

// "partial read by offset ST1 offset 16 count 16"; passwords are not shown.
std::string describe(const Request& request);
// Adds what the body of a positive response to `service` says to the details, and the meter's
// identity where it is there.
Status describe_response(std::uint8_t service, ByteView body, wire::Report& report);

}  // namespace amity::c12
