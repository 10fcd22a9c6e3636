#include "app/simulation/nonce_watch.h"

#include "app/simulation/hash.h"
#include "wire/dlms/apdu.h"

namespace amity::simulation {

namespace {
constexpr std::size_t kSecurityHeaderSize = 5;  // control byte, counter
}

void NonceWatch::add_meter(DeviceId device, const Endpoint& at, bool behind_gateway,
                           const std::string& serial, const dlms::SystemTitle& title) {
  if (!behind_gateway) by_host_[at.host] = device;
  by_serial_[serial] = device;
  by_title_[std::string(as_text(title))] = device;
}

void NonceWatch::see(const world::TapRecord& record) {
  using Kind = world::TapRecord::Kind;
  if (record.kind == Kind::kDatagram) {
    if (const auto datagram = dlms::decode_wrapper(record.bytes); datagram.ok())
      frame(record.from, true, *datagram);
    return;
  }
  if (record.kind == Kind::kClose || record.kind == Kind::kBreak) streams_.erase(record.connection);
  if (record.kind != Kind::kBytes) return;
  dlms::WrapperSplitter& splitter = streams_[record.connection][record.from_connector ? 0 : 1];
  splitter.feed(record.bytes);
  const Endpoint& server = record.from_connector ? record.to : record.from;
  while (true) {
    const auto next = splitter.next();
    if (!next.ok() || !*next) break;
    // A meter's port answers the head-end; whoever connects to another port is a meter that pushes.
    const bool to_meter_port = server.host.starts_with("127.");
    frame(server, to_meter_port ? !record.from_connector : record.from_connector, **next);
  }
}

void NonceWatch::frame(const Endpoint& server, bool from_meter, const dlms::WrapperFrame& frame) {
  ByteReader in(frame.apdu);
  DeviceId device;
  if (dlms::has_gateway_prefix(frame.apdu)) {
    const auto prefix = dlms::read_gateway_prefix(in);
    if (!prefix.ok()) return;
    const auto found = by_serial_.find(std::string(as_text(prefix->device_address)));
    if (found != by_serial_.end()) device = found->second;
  } else if (const auto found = by_host_.find(server.host); found != by_host_.end()) {
    device = found->second;
  }
  apdu(device, from_meter, in.rest());
}

void NonceWatch::apdu(DeviceId device, bool from_meter, ByteView bytes) {
  const auto decoded = dlms::decode_apdu(bytes);
  if (!decoded.ok()) return;
  const auto inner = [&](ByteView user_information) {
    if (!user_information.empty()) apdu(device, from_meter, user_information);
  };
  if (const auto* aarq = std::get_if<dlms::Aarq>(&*decoded)) return inner(aarq->user_information);
  if (const auto* aare = std::get_if<dlms::Aare>(&*decoded)) return inner(aare->user_information);
  if (const auto* rlrq = std::get_if<dlms::Rlrq>(&*decoded)) return inner(rlrq->user_information);
  if (const auto* rlre = std::get_if<dlms::Rlre>(&*decoded)) return inner(rlre->user_information);
  if (const auto* service = std::get_if<dlms::ServiceCiphered>(&*decoded)) {
    if (!service->dedicated) secured(device, from_meter, service->content);
  } else if (const auto* general = std::get_if<dlms::GeneralGloDed>(&*decoded)) {
    const auto known = by_title_.find(std::string(as_text(general->system_title)));
    if (known != by_title_.end()) device = known->second;
    if (!general->dedicated) secured(device, from_meter, general->content);
  }
}

void NonceWatch::secured(DeviceId device, bool from_meter, ByteView content) {
  if (!device.valid() || content.size() < kSecurityHeaderSize) return;
  std::uint32_t counter = 0;
  for (std::size_t i = 1; i < kSecurityHeaderSize; ++i) counter = counter << 8 | content[i];
  const std::uint64_t message = hash_bytes(0, content);
  Sent& sent = sent_[std::uint64_t{device.value} << 1 | (from_meter ? 1 : 0)];
  const auto [at, fresh] = sent.by_counter.try_emplace(counter, message);
  if (fresh) {
    ++nonces_;
  } else if (from_meter && at->second == message) {
    ++repeats_;
  } else {
    on_reuse_(device, std::string(from_meter ? "the meter" : "the head-end") +
                          " used invocation counter " + std::to_string(counter) +
                          " for two messages under one key");
  }
}

}  // namespace amity::simulation
