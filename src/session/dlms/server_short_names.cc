// Short name referencing: Read and Write over the attributes behind the names.
#include "session/dlms/server_machine.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::uint16_t kAssociationObjectList = 0xFA08;
constexpr std::uint16_t kReplyToHls = 0xFA58;

struct Name {
  std::uint16_t name = 0;
  std::optional<SelectiveAccess> access;
};

std::optional<Name> name_of(const VariableAccess& item) {
  if (const auto* plain = std::get_if<VariableName>(&item)) return Name{plain->name, std::nullopt};
  if (const auto* with = std::get_if<ParameterizedAccess>(&item)) {
    return Name{with->name, SelectiveAccess{with->selector, with->parameter}};
  }
  return std::nullopt;
}

// object_list of class 12: base name, class, version, logical name.
void write_short_name_list(const AssociationContext& association, Objects& from, Bytes& out) {
  std::vector<ObjectEntry> objects;
  from.list(association, objects);
  DataWriter writer(out);
  writer.array(objects.size());
  for (const ObjectEntry& object : objects) {
    writer.structure(4);
    writer.int16(static_cast<std::int16_t>(object.short_name));
    writer.uint16(object.class_id);
    writer.uint8(object.version);
    writer.octet_string(object.instance);
  }
}

}  // namespace

void Server::Machine::on_read(const ReadRequest& request, Instant now) {
  std::vector<Bytes> values(request.items.size());
  ReadResponse response;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const std::optional<Name> name = name_of(request.items[i]);
    DataAccessResult result = DataAccessResult::kObjectUndefined;
    if (name && name->name == kReplyToHls && name->access) {
      result = on_reply_to_hls(name->access->parameters, values[i]) == ActionResult::kSuccess
                   ? DataAccessResult::kSuccess
                   : DataAccessResult::kReadWriteDenied;
      if (association_ == nullptr) {  // the proof was wrong
        response.results = {DataOrResult{result, {}}};
        break;
      }
    } else if (name && name->name == kAssociationObjectList) {
      write_short_name_list(context(), *objects_, values[i]);
      result = DataAccessResult::kSuccess;
    } else if (name) {
      if (const auto attribute = objects_->resolve(context(), name->name))
        result = get(*attribute, name->access, values[i]);
    }
    response.results.push_back(DataOrResult{result, values[i]});
  }
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

void Server::Machine::on_write(const WriteRequest& request, Instant now) {
  WriteResponse response;
  for (std::size_t i = 0; i < request.items.size() && i < request.values.size(); ++i) {
    const std::optional<Name> name = name_of(request.items[i]);
    const auto attribute = name ? objects_->resolve(context(), name->name) : std::nullopt;
    const auto result = attribute ? set(*attribute, name->access, request.values[i])
                                  : DataAccessResult::kObjectUndefined;
    response.results.push_back({result, std::nullopt});
  }
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

}  // namespace amity::dlms
