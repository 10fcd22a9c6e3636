#include <algorithm>

#include "session/mm/session.h"
#include "session/mm/stream.h"

namespace amity::mm {
namespace {

Error refused(std::string why) {
  return make_error(ErrorCode::kRefused, std::move(why));
}

}  // namespace

Meter::Meter(Address own, dlms::Secret key, std::uint32_t number, Contents* contents)
    : own_(own), key_(std::move(key)), number_(number), contents_(contents) {
  AMITY_ASSERT(key_.view().empty() || key_.view().size() == kKeyBytes);
}

void Meter::on_bytes(ByteView bytes) {
  if (lost_) return;
  append(input_, bytes);
  lost_ = !take_messages(input_, [this](ByteView message) { take(message); }).ok();
}

void Meter::take(ByteView bytes) {
  // A request that comes again is answered as before: its answer was lost.
  if (!last_request_.empty() &&
      std::equal(bytes.begin(), bytes.end(), last_request_.begin(), last_request_.end()))
    return append(output_, last_answer_);
  const auto parsed = parse(bytes);
  if (!parsed.ok()) return;
  const Message& request = parsed->message;
  if (request.kind != Kind::kRequest || request.destination != own_ || is_answer(request.attribute))
    return;
  const bool secured = !key_.view().empty();
  Message answer;
  Status served;
  if (secured && !verify(*parsed, key_.view()).ok()) return;  // of somebody without the key
  if (secured && request.number <= number_) {
    served = refused("number " + std::to_string(request.number) + " was used before");
  } else {
    number_ = request.number;
    served = serve(request, answer);
  }
  answer.kind = served.ok() ? Kind::kAnswer : Kind::kRefusal;
  answer.attribute = served.ok() ? answer_of(request.attribute) : request.attribute;
  answer.authenticated = secured;
  answer.source = own_;
  answer.destination = request.source;
  answer.number = request.number;
  answer.item = request.item;
  if (!served.ok()) {
    const std::string why = served.error().reason.substr(0, kReasonBytesMax);
    answer.data.assign(why.begin(), why.end());
  }
  last_request_.assign(bytes.begin(), bytes.end());
  last_answer_.clear();
  AMITY_ASSERT(encode(answer, key_.view(), last_answer_).ok());
  append(output_, last_answer_);
}

Result<Bytes*> Meter::find(std::map<std::uint16_t, Bytes>& where, std::uint16_t item) {
  const auto at = where.find(item);
  if (at == where.end()) return refused("there is no item " + std::to_string(item));
  return &at->second;
}

Status Meter::serve(const Message& request, Message& answer) {
  if (const std::string_view why = why_not(request.attribute); !why.empty())
    return refused("not implemented: " + std::string(why));
  if (request.attribute == Attribute::kAddress) {
    answer.data.assign(own_.begin(), own_.end());
    return {};
  }
  const bool attribute =
      request.attribute == Attribute::kRead || request.attribute == Attribute::kWrite;
  AMITY_TRY(Bytes* const value,
            find(attribute ? contents_->attributes : contents_->tables, request.item));
  switch (request.attribute) {
    case Attribute::kWrite:
    case Attribute::kWriteTable:
      *value = request.data;
      return {};
    case Attribute::kResetTable: {
      const auto before = contents_->reset_tables.find(request.item);
      *value = before == contents_->reset_tables.end() ? Bytes() : before->second;
      return {};
    }
    case Attribute::kReadTableSelected: {
      if (request.offset > value->size() || request.count > value->size() - request.offset)
        return refused("the table has " + std::to_string(value->size()) + " bytes");
      const auto from = value->begin() + request.offset;
      answer.offset = request.offset;
      answer.count = request.count;
      answer.data.assign(from, from + request.count);
      return {};
    }
    default:
      if (value->size() > kDataBytesMax)
        return refused("it has " + std::to_string(value->size()) + " bytes: read parts of it");
      answer.data = *value;
      return {};
  }
}

bool Meter::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::exchange(output_, {});
  return true;
}

}  // namespace amity::mm
