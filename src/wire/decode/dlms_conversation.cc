#include "wire/decode/dlms_conversation.h"

#include <utility>

#include "wire/decode/limits.h"
#include "wire/decode/message.h"
#include "wire/obis/quantity.h"

namespace amity::decode {
namespace {

using dlms::AttributeRef;
using dlms::DataView;
using dlms::Obis;

enum Class : std::uint16_t { kData = 1, kRegister = 3, kExtended = 4, kDemand = 5, kProfile = 7 };

bool is_scaler(const AttributeRef& a) {
  if (a.class_id == kDemand) return a.attribute == 4;
  return (a.class_id == kRegister || a.class_id == kExtended) && a.attribute == 3;
}

bool is_value(const AttributeRef& a) {
  if (a.class_id == kDemand) return a.attribute == 2 || a.attribute == 3;
  return (a.class_id == kData || a.class_id == kRegister || a.class_id == kExtended) &&
         a.attribute == 2;
}

void note_security(const Security& from, wire::Report& report) {
  wire::SecurityReport& to = report.security;
  to.mode = from.mode == "auth"      ? "auth"
            : from.mode == "enc"     ? "enc"
            : from.mode == "authenc" ? "authenc"
                                     : "none";
  to.ok = from.ok;
  to.reason = from.reason;
  to.suite = from.suite;
  to.invocation_counter = from.invocation_counter;
  if (from.system_title.empty()) return;
  to.system_title = to_hex(from.system_title);
  report.meter.manufacturer = maker_of(from.system_title);
}

}  // namespace

Status DlmsConversation::read(ByteView apdu, const Keys& keys, const PushConventions& conventions,
                              wire::Report& report) {
  report.clear();
  report.protocol = "dlms";
  decoded_.reset();
  AMITY_TRY(opened_, open_apdu(apdu, keys));
  AMITY_TRY(decoded_, dlms::decode_apdu(opened_.apdu));
  note_security(opened_.security, report);
  PushReader reader(conventions, report);
  return interpret(reader);
}

Status DlmsConversation::interpret(PushReader& reader) {
  dlms::DataTree tree;
  if (const auto* push = std::get_if<dlms::DataNotification>(&*decoded_)) {
    AMITY_CHECK(tree.parse(push->body));
    reader.set_time(push->date_time);
    reader.read(tree.root());
  } else if (const auto* event = std::get_if<dlms::EventNotification>(&*decoded_)) {
    AMITY_CHECK(tree.parse(event->value));
    reader.set_time(event->time);
    reader.read_value(event->attribute.instance, tree.root());
  } else if (const auto* one = std::get_if<dlms::GetRequestNormal>(&*decoded_)) {
    asked_ = {one->attribute};
    asked_list_ = false;
    data_.clear();
    next_block_ = 1;
  } else if (const auto* list = std::get_if<dlms::GetRequestWithList>(&*decoded_)) {
    asked_.clear();
    for (const auto& item : list->items) asked_.push_back(item.attribute);
    asked_list_ = true;
    data_.clear();
    next_block_ = 1;
  } else if (const auto* answer = std::get_if<dlms::GetResponseNormal>(&*decoded_)) {
    const auto asked = std::exchange(asked_, {});
    if (answer->result.result != dlms::DataAccessResult::kSuccess || asked_list_) return {};
    return answered(asked.size() == 1 ? asked[0] : AttributeRef{}, answer->result.data, reader);
  } else if (const auto* many = std::get_if<dlms::GetResponseWithList>(&*decoded_)) {
    const auto asked = std::exchange(asked_, {});
    for (std::size_t i = 0; i < many->results.size() && asked.size() == many->results.size(); ++i) {
      if (many->results[i].result != dlms::DataAccessResult::kSuccess) continue;
      AMITY_CHECK(answered(asked[i], many->results[i].data, reader));
    }
  } else if (const auto* block = std::get_if<dlms::GetResponseWithDataBlock>(&*decoded_)) {
    take_block(*block);
    if (block->last_block) return take_blocks(reader);
  } else if (std::holds_alternative<dlms::Aarq>(*decoded_)) {
    forget();
  }
  return {};
}

void DlmsConversation::forget() {
  asked_.clear();
  scales_.clear();
  profiles_.clear();
  data_.clear();
  next_block_ = 1;
}

// Without its request an answer is still read where OBIS codes stand beside its values.
Status DlmsConversation::answered(const AttributeRef& asked, ByteView data, PushReader& reader) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(data));
  if (asked.class_id != 0) {
    read_attribute(asked, tree.root(), reader);
  } else if (tree.root().is_container()) {
    reader.read(tree.root());
  }
  return {};
}

void DlmsConversation::take_block(const dlms::GetResponseWithDataBlock& block) {
  const bool next = block.block_number == next_block_ &&
                    block.result == dlms::DataAccessResult::kSuccess &&
                    data_.size() + block.raw_data.size() <= kMessageBytesMax;
  if (!next) {
    asked_.clear();
    return;
  }
  append(data_, block.raw_data);
  ++next_block_;
}

Status DlmsConversation::take_blocks(PushReader& reader) {
  const auto asked = std::exchange(asked_, {});
  const Bytes data = std::exchange(data_, {});
  next_block_ = 1;
  if (asked.empty()) return {};
  if (!asked_list_) return answered(asked[0], data, reader);
  ByteReader in(data);
  AMITY_TRY(const auto results, dlms::read_result_list(in));
  for (std::size_t i = 0; i < results.size() && asked.size() == results.size(); ++i) {
    if (results[i].result != dlms::DataAccessResult::kSuccess) continue;
    AMITY_CHECK(answered(asked[i], results[i].data, reader));
  }
  return {};
}

std::optional<ScalerUnit> DlmsConversation::scale_of(const Obis& obis) const {
  const auto at = scales_.find(obis);
  return at == scales_.end() ? std::nullopt : std::optional(at->second);
}

void DlmsConversation::read_attribute(const AttributeRef& asked, DataView value,
                                      PushReader& reader) {
  const Obis& obis = asked.instance;
  if (is_scaler(asked)) {
    const bool room = scales_.size() < kAttributesKnownMax || scales_.contains(obis);
    if (const auto scale = scaler_unit_of(value); scale && room) scales_[obis] = *scale;
  } else if (asked.class_id == kProfile && asked.attribute == 3) {
    read_columns(obis, value, reader);
  } else if (asked.class_id == kProfile && asked.attribute == 2) {
    read_rows(obis, value, reader);
  } else if (is_value(asked) && !value.is_container()) {
    reader.add(obis, value, scale_of(obis));
  } else if (asked.attribute == 2 && obis::is_clock(obis)) {
    reader.add(obis, value, std::nullopt);
  } else if (asked.attribute != 1) {  // the first is the name, which was asked for
    reader.add_unknown(to_string(obis) + " attribute " + std::to_string(asked.attribute), value);
  }
}

void DlmsConversation::read_columns(const Obis& profile, DataView value, PushReader& reader) {
  std::vector<ObjectDefinition> known;
  if (value.type() != dlms::DataType::kArray) return reader.add_unknown(to_string(profile), value);
  for (const DataView definition : value) {
    const auto object = object_definition_of(definition);
    if (!object) return reader.add_unknown(to_string(profile), value);
    known.push_back(*object);
  }
  if (profiles_.size() < kProfilesKnownMax || profiles_.contains(profile))
    profiles_[profile] = std::move(known);
}

void DlmsConversation::read_rows(const Obis& profile, DataView rows, PushReader& reader) {
  const auto at = profiles_.find(profile);
  if (at == profiles_.end() || rows.type() != dlms::DataType::kArray) {
    return rows.is_container() ? reader.read(rows) : reader.add_unknown(to_string(profile), rows);
  }
  const std::vector<ObjectDefinition>& known = at->second;
  for (const DataView row : rows) {
    if (row.size() != known.size()) {
      reader.add_unknown(to_string(profile), row);
      continue;
    }
    wire::MeterTime time;
    auto column = known.begin();
    for (const DataView cell : row) {
      const ObjectDefinition& object = *column++;
      if (obis::is_clock(object.obis) && as_date_time(cell)) time = reader.time_of(cell.bytes());
    }
    column = known.begin();
    for (const DataView cell : row) {
      const ObjectDefinition& object = *column++;
      if (obis::is_clock(object.obis) || cell.is_null()) continue;
      if (time.precision == wire::MeterTime::Precision::kNone || cell.is_container()) {
        reader.add_unknown(to_string(object.obis), cell);
      } else {
        reader.add(object.obis, cell, scale_of(object.obis), time);
      }
    }
  }
}

std::optional<dlms::SystemTitle> sender_title(ByteView apdu) {
  const auto decoded = dlms::decode_apdu(apdu);
  if (!decoded.ok()) return std::nullopt;
  ByteView bytes;
  if (const auto* v = std::get_if<dlms::GeneralGloDed>(&*decoded)) bytes = v->system_title;
  if (const auto* v = std::get_if<dlms::GeneralCiphering>(&*decoded))
    bytes = v->originator_system_title;
  const auto title = dlms::system_title_from(bytes);
  return title.ok() ? std::optional(*title) : std::nullopt;
}

Result<Bytes> apdu_of_frames(ByteView frames) {
  BlockJoiner blocks;
  for (FoundMessage& found : find_messages(frames)) {
    if (!found.message.ok()) return std::move(found.message).error();
    if (found.message->apdu.empty()) continue;  // of the link alone
    AMITY_TRY(auto whole, blocks.add(found.message->apdu));
    if (whole) return std::move(*whole);
  }
  return make_error(ErrorCode::kTruncated, "the message is not whole");
}

Status read_dlms(ByteView frames, const Keys& keys, const PushConventions& conventions,
                 wire::Report& report) {
  AMITY_TRY(const Bytes apdu, apdu_of_frames(frames));
  DlmsConversation conversation;
  return conversation.read(apdu, keys, conventions, report);
}

}  // namespace amity::decode
