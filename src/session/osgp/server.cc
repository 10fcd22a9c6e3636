#include <algorithm>

#include "session/osgp/session.h"

namespace amity::osgp {
namespace {

Code code_from(c12::ResponseCode code) {
  const auto same = static_cast<Code>(code);
  return to_string(same).empty() || same >= Code::kDigestError ? Code::kError : same;
}

}  // namespace

Server::Server(dlms::Secret key, std::uint32_t sequence, c12::TableStore* store)
    : key_(std::move(key)), sequence_(sequence), store_(store) {
  AMITY_ASSERT(OmaDigest::make(key_.view()).ok());
}

void Server::on_message(ByteView message) {
  // A request that comes again is answered as before: its answer was lost.
  if (!last_request_.empty() &&
      std::equal(message.begin(), message.end(), last_request_.begin(), last_request_.end())) {
    output_ = last_response_;
    return;
  }
  const auto asked = parse_request(message);
  if (!asked.ok()) return;
  OmaDigest digest = *OmaDigest::make(key_.view());
  Bytes data, answer;
  Response response{Code::kDigestError, {}, {}};
  if (verify(digest, asked->digested, asked->digest).ok()) response = respond(*asked, data);
  const Service service = asked->request.service;
  encode(response, service == Service::kRead || service == Service::kReadPart, digest, answer);
  if (response.code != Code::kDigestError) {
    last_request_.assign(message.begin(), message.end());
    last_response_ = answer;
  }
  output_ = std::move(answer);
}

Response Server::respond(const ParsedRequest& asked, Bytes& data) {
  if (asked.request.sequence != sequence_ + 1) return {Code::kSequenceError, {}, sequence_};
  sequence_ = asked.request.sequence;
  const Code code = serve(asked.request, data);
  return {code, data, {}};
}

Code Server::serve(const Request& request, Bytes& data) {
  if (request.service == Service::kWrite || request.service == Service::kWritePart) {
    return code_from(store_->write(request.table, request.offset,
                                   request.service == Service::kWrite, request.data));
  }
  Bytes table;
  if (const auto code = store_->read(request.table, table); code != c12::ResponseCode::kOk)
    return code_from(code);
  if (request.service == Service::kReadPart) {
    if (request.offset >= table.size()) return Code::kInappropriate;
    const auto from = table.begin() + request.offset;
    const auto count = std::min<std::size_t>(request.count, table.size() - request.offset);
    table = Bytes(from, from + static_cast<std::ptrdiff_t>(count));
  }
  if (table.size() > 0xFFFF) return Code::kNotPossible;
  data = std::move(table);
  return Code::kOk;
}

bool Server::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::exchange(output_, {});
  return true;
}

}  // namespace amity::osgp
