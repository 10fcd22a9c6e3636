// A client in every state is sent arbitrary bytes: raw on its stream, or as APDUs in proper wrapper
// or HDLC frames, or (with the right key and counter) as the content of properly ciphered APDUs, so
// that what lies behind each layer is reached too. Input: setup byte, then records {kind, length,
// bytes}.
#include <cstdlib>

#include "session/dlms/client.h"
#include "session/dlms/server.h"
#include "wire/dlms/wrapper.h"
#include "wire/hdlc/frame.h"
#include "wire/hdlc/parameters.h"

namespace {

using namespace amity;
using namespace amity::dlms;

const Bytes kKey(16, 0x11);
const SystemTitle kMeter{'M', 'M', 'M', 0, 0, 0, 0, 2};

struct CountingRandom : Random {
  std::uint64_t state = 7;
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(u64() >> 40);
  }
  std::uint64_t u64() override {
    return state = state * 6364136223846793005ull + 1442695040888963407ull;
  }
};

struct NoObjects : Objects {
  DataAccessResult get(const AssociationContext&, const AttributeRef&,
                       const std::optional<SelectiveAccess>&, Bytes& out) override {
    out.insert(out.end(), 300, 0x00);
    out[out.size() - 300] = 0x09;
    out[out.size() - 299] = 0x82;
    out[out.size() - 298] = 0x01;
    out[out.size() - 297] = 0x28;
    return DataAccessResult::kSuccess;
  }
  DataAccessResult set(const AssociationContext&, const AttributeRef&,
                       const std::optional<SelectiveAccess>&, ByteView) override {
    return DataAccessResult::kSuccess;
  }
  ActionResult action(const AssociationContext&, const MethodRef&, const std::optional<ByteView>&,
                      Bytes&) override {
    return ActionResult::kSuccess;
  }
  void list(const AssociationContext&, std::vector<ObjectEntry>& out) override {
    out.push_back({1, 0, Obis(0, 0, 96, 1, 0, 255), 0x2000, 2, 0, 0});
  }
};

struct Setup {
  ClientConfig client;
  ServerConfig server;
};

Setup make_setup(std::uint8_t flags) {
  Setup setup;
  const bool ciphered = flags & 1;
  const bool hdlc = flags & 2;
  const Mechanism mechanism =
      flags & 4 ? (ciphered ? Mechanism::kHighGmac : Mechanism::kLow) : Mechanism::kNone;
  setup.client.keys = setup.server.keys = {Secret(kKey), Secret(kKey)};
  setup.client.link.transport = setup.server.link.transport =
      hdlc ? Transport::kHdlc : Transport::kWrapperStream;
  setup.client.client_title = {'C', 'C', 'C', 0, 0, 0, 0, 1};
  setup.client.mechanism = mechanism;
  setup.client.password = Secret("12345678");
  setup.client.security = {SecuritySuite::k0, ciphered, ciphered};
  setup.client.receive_pdu_bytes_max = 128;
  setup.client.response_bytes_max = 4096;
  const auto referencing = flags & 64 ? Referencing::kShortName : Referencing::kLogicalName;
  setup.client.referencing = referencing;
  setup.server.title = kMeter;
  setup.server.prefer_general_block_transfer = flags & 128;
  setup.server.associations.push_back(
      {16, referencing, mechanism, setup.client.password, setup.client.security, {}});
  return setup;
}

Bytes framed(ByteView apdu, bool hdlc, std::uint8_t sequence) {
  Bytes out;
  if (!hdlc) {
    (void)encode(WrapperFrame{1, 16, apdu}, out);
    return out;
  }
  Bytes message(hdlc::kLlcResponse.begin(), hdlc::kLlcResponse.end());
  append(message, apdu);
  if (message.size() > 1900) return out;
  const std::uint8_t receive = sequence >> 4 & 7, send = sequence & 7;
  hdlc::encode_frame({hdlc::Address::client(16),
                      {1, 0, 1},
                      {hdlc::FrameType::kInformation, true, receive, send},
                      (sequence & 0x80) != 0,
                      message},
                     out);
  return out;
}

// Lets both talk for a while; `steps` cuts the conversation short in any state.
void converse(Client& client, Server& server, unsigned steps) {
  const Instant now{1'000'000};
  for (unsigned i = 0; i < steps; ++i) {
    Bytes bytes;
    bool moved = false;
    while (client.poll_output(bytes)) server.on_bytes(bytes, now), moved = true;
    while (server.poll_output(bytes)) client.on_bytes(bytes, now), moved = true;
    if (!moved) break;
  }
}

void ask(Client& client, std::uint8_t what, Instant now) {
  const AttributeRequest get[] = {{{3, Obis(1, 0, 1, 8, 0, 255), 2}, {}},
                                  {{8, Obis(0, 0, 1, 0, 0, 255), 2}, {}}};
  const AttributeWrite set{{1, Obis(0, 0, 96, 1, 0, 255), 2}, Bytes(2000, 0), {}};
  const std::vector<ShortNameRequest> names(what & 0x80 ? 60 : 2, ShortNameRequest{0x2008, {}});
  if (client.config().referencing == Referencing::kShortName && what % 5 != 4) {
    (void)client.read_sn(names, now);
    return;
  }
  const MethodCall call{{9, Obis(0, 0, 10, 0, 100, 255), 1}, Bytes(what & 0x80 ? 2000 : 3, 0)};
  const AccessCall access[] = {AccessCall::get(get[0]), AccessCall::set(set),
                               AccessCall::action(call)};
  if (what & 0x40) {
    (void)client.access(std::span(access, 1 + what % 3), {what % 2 == 1, false, {}}, now);
    return;
  }
  switch (what % 5) {
    case 0:
      (void)client.get(std::span(get, 1), now);
      break;
    case 1:
      (void)client.get(get, now);
      break;
    case 2:
      (void)client.set(std::span(&set, 1), now);
      break;
    case 3:
      (void)client.action(std::span(&call, 1), now);
      break;
    case 4:
      (void)client.release(now);
      break;
  }
}

void drain(Client& client) {
  Bytes bytes;
  for (int i = 0; client.poll_output(bytes); ++i) {
    if (i > 1000) std::abort();
  }
  while (client.poll_event()) {
  }
  if (client.heap_bytes() > 1'000'000) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[0];
  const Setup setup = make_setup(flags);
  CountingRandom random;
  MemoryCounters counters, server_counters;
  NoObjects objects;
  Client client(setup.client, &counters, random);
  Server server(&setup.server, &objects, &server_counters, &random);
  Instant now{1'000'000};
  (void)client.connect(now);
  server.on_open(now);
  client.on_open(now);
  converse(client, server, flags >> 3 & 7);
  if (client.connected()) {
    ask(client, data[1], now);
    converse(client, server, data[1] >> 5 & 3);
  }

  Cipher cipher = *Cipher::make(kKey, kKey);
  ByteReader in(ByteView(data + 2, size - 2));
  std::uint32_t counter = 1000;
  while (in.remaining() >= 2) {
    const std::uint8_t kind = *in.u8();
    const std::size_t length =
        std::min<std::size_t>(*in.u8() * (kind & 0x40 ? 8 : 1), in.remaining());
    const ByteView bytes = *in.take(length);
    const bool hdlc = flags & 2;
    Bytes sealed;
    switch (kind & 7) {
      case 0:
        client.on_bytes(bytes, now);
        break;
      case 1:
      case 2:
        client.on_bytes(framed(bytes, hdlc, kind), now);
        break;
      case 3:
        (void)protect_service(cipher, {0x30}, kMeter, {++counter}, false, bytes, sealed);
        client.on_bytes(framed(sealed, hdlc, kind), now);
        break;
      case 4:
        (void)protect_general(cipher, {static_cast<std::uint8_t>(kind & 0x30)}, kMeter, {++counter},
                              false, bytes, sealed);
        client.on_bytes(framed(sealed, hdlc, kind), now);
        break;
      case 5:
        ask(client, kind >> 3, now);
        break;
      case 6:
        now = client.next_timeout().value_or(now);
        client.on_timer(now);
        break;
      case 7:
        converse(client, server, 1);
        break;
    }
    drain(client);
  }
  return 0;
}
