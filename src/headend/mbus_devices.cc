#include "headend/mbus_devices.h"

#include <algorithm>

namespace amity::headend {
namespace {

constexpr std::size_t kMbusClientsPerRequest = 4;

dlms::Obis client_of(std::uint8_t channel) { return {0, channel, 24, 1, 0, 255}; }

Task<Status> call(DeviceLink& link, std::uint8_t channel, dlms::MbusClientMethod method, Bytes parameters) {
  dlms::MethodCall request;
  request.method = {dlms::kMbusClientClass, client_of(channel), static_cast<std::int8_t>(method)};
  request.parameters = std::move(parameters);
  AMITY_CO_TRY(const dlms::ItemResult result, co_await link.action(std::move(request)));
  if (result.ok()) co_return Status{};
  co_return make_error(ErrorCode::kRefused, "M-Bus channel " + std::to_string(channel) + ": " +
                                                std::string(dlms::to_string(result.action)));
}

}  // namespace

dlms::Obis mbus_value(std::uint8_t channel, std::uint8_t number) { return {0, channel, 24, 2, number, 255}; }

Task<Result<std::vector<dlms::MbusSlave>>> read_mbus_slaves(DeviceLink& link, std::vector<CosemObject> objects) {
  constexpr std::size_t kAttributes = dlms::kMbusIdentityAttributes.size();
  std::erase_if(objects, [](const CosemObject& o) { return o.class_id != dlms::kMbusClientClass; });
  if (objects.size() > kMbusChannelsMax) objects.resize(kMbusChannelsMax);
  std::vector<dlms::MbusSlave> slaves;
  for (std::size_t from = 0; from < objects.size(); from += kMbusClientsPerRequest) {
    const std::size_t count = std::min(kMbusClientsPerRequest, objects.size() - from);
    std::vector<dlms::AttributeRequest> requests;
    for (std::size_t i = from; i < from + count; ++i) {
      for (const auto attribute : dlms::kMbusIdentityAttributes) {
        dlms::AttributeRequest request;
        request.attribute = {objects[i].class_id, objects[i].obis, static_cast<std::int8_t>(attribute)};
        requests.push_back(std::move(request));
      }
    }
    AMITY_CO_TRY(const auto items, co_await link.get(std::move(requests)));
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<Bytes> values;
      for (std::size_t a = 0; a < kAttributes; ++a) values.push_back(items[i * kAttributes + a].data);
      const auto slave = dlms::decode_slave(objects[from + i].obis, values);
      if (slave.ok()) slaves.push_back(*slave);
    }
  }
  co_return slaves;
}

Task<Status> install_mbus_slave(DeviceLink& link, std::uint8_t channel, std::uint8_t primary_address) {
  return call(link, channel, dlms::MbusClientMethod::kSlaveInstall, dlms::encode_install(primary_address));
}

Task<Status> deinstall_mbus_slave(DeviceLink& link, std::uint8_t channel) {
  return call(link, channel, dlms::MbusClientMethod::kSlaveDeinstall, dlms::encode_install(0));
}

Task<Status> set_mbus_key(DeviceLink& link, bool encrypted, std::uint8_t channel, Bytes key) {
  if (!encrypted) co_return make_error(ErrorCode::kSecurity, "a key would travel unencrypted");
  if (key.size() != 16) co_return make_error(ErrorCode::kInvalid, "an M-Bus key has 16 bytes");
  co_return co_await call(link, channel, dlms::MbusClientMethod::kSetEncryptionKey, dlms::encode_mbus_key(key));
}

}  // namespace amity::headend
