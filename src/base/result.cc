#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace amity {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTruncated: return "truncated";
    case ErrorCode::kMalformed: return "malformed";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kLimit: return "limit";
    case ErrorCode::kSecurity: return "security";
    case ErrorCode::kRefused: return "refused";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kClosed: return "closed";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kInvalid: return "invalid";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kIo: return "i/o";
    case ErrorCode::kCorrupt: return "corrupt";
  }
  return "error";
}

std::string to_string(const Error& error) {
  std::string text(to_string(error.code));
  if (error.offset != 0) text += " at byte " + std::to_string(error.offset);
  if (!error.reason.empty()) text += ": " + error.reason;
  return text;
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, expression);
  std::abort();
}

}  // namespace amity
