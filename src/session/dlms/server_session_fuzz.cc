// A server is sent arbitrary bytes: raw, in proper frames, or properly ciphered, before and after
// an association. Input: setup byte, then records {kind, length, bytes}.
#include <cstdlib>

#include "session/dlms/server.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/wrapper.h"
#include "wire/hdlc/frame.h"
#include "wire/hdlc/parameters.h"

namespace {

using namespace amity;
using namespace amity::dlms;

const Bytes kKey(16, 0x11);
const SystemTitle kClient{'C', 'C', 'C', 0, 0, 0, 0, 1};

struct CountingRandom : Random {
  std::uint64_t state = 7;
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(u64() >> 40);
  }
  std::uint64_t u64() override {
    return state = state * 6364136223846793005ull + 1442695040888963407ull;
  }
};

struct EchoObjects : Objects {
  Bytes value = Bytes(1, 0);
  DataAccessResult get(const AssociationContext&, const AttributeRef&,
                       const std::optional<SelectiveAccess>&, Bytes& out) override {
    append(out, value);
    return DataAccessResult::kSuccess;
  }
  DataAccessResult set(const AssociationContext&, const AttributeRef&,
                       const std::optional<SelectiveAccess>&, ByteView data) override {
    value.assign(data.begin(), data.end());
    if (value.size() > kRequestBytesMax) std::abort();
    if (value.empty()) value.push_back(0);
    return DataAccessResult::kSuccess;
  }
  ActionResult action(const AssociationContext&, const MethodRef&,
                      const std::optional<ByteView>& parameters, Bytes& out) override {
    if (parameters) append(out, *parameters);
    return ActionResult::kSuccess;
  }
  void list(const AssociationContext&, std::vector<ObjectEntry>& out) override {
    out.push_back({3, 0, Obis(1, 0, 1, 8, 0, 255), 0x2000, 3, 1, 2});
  }
};

Bytes framed(ByteView apdu, bool hdlc, std::uint8_t sap, std::uint8_t sequence) {
  Bytes out;
  if (!hdlc) {
    (void)encode(WrapperFrame{sap, 1, apdu}, out);
    return out;
  }
  Bytes message(hdlc::kLlcCommand.begin(), hdlc::kLlcCommand.end());
  append(message, apdu);
  if (message.size() > 1900) return out;
  hdlc::encode_frame(
      {{1, 0, 1},
       hdlc::Address::client(sap),
       {hdlc::FrameType::kInformation, true, static_cast<std::uint8_t>(sequence >> 3 & 7),
        static_cast<std::uint8_t>(sequence & 7)},
       false,
       message},
      out);
  return out;
}

Bytes open_request(const ServerAssociation& association, Cipher& cipher) {
  InitiateRequest initiate;
  initiate.conformance.bits = 0xFFFFFF;
  initiate.pdu_size_max = 100;
  Bytes information, sealed;
  encode(initiate, information);
  Aarq aarq;
  aarq.calling_ap_title = kClient;
  const bool ciphered = association.security.needs_protection();
  if (association.referencing == Referencing::kShortName)
    aarq.context = ApplicationContext::kShortName;
  if (ciphered) {
    aarq.context = ApplicationContext::kLogicalNameCiphered;
    (void)protect_service(cipher, {0x30}, kClient, {1}, false, information, sealed);
    information = sealed;
  }
  if (association.mechanism != Mechanism::kNone) aarq.mechanism = association.mechanism;
  aarq.calling_authentication_value = association.password.view();
  aarq.user_information = information;
  Bytes apdu;
  encode(aarq, apdu);
  return apdu;
}

ServerConfig make_config(std::uint8_t flags) {
  ServerConfig config;
  config.link.transport = flags & 1 ? Transport::kHdlc : Transport::kWrapperStream;
  config.title = {'M', 'M', 'M', 0, 0, 0, 0, 2};
  config.keys = {Secret(kKey), Secret(kKey)};
  config.prefer_general_block_transfer = flags & 2;
  config.general_block_window = 1 + (flags >> 2 & 3);
  const Secret password("12345678");
  config.associations = {{16, Referencing::kLogicalName, Mechanism::kNone, {}, {}, {}},
                         {1,
                          Referencing::kLogicalName,
                          Mechanism::kLow,
                          password,
                          {SecuritySuite::k0, true, true},
                          {}},
                         {2, Referencing::kLogicalName, Mechanism::kHighMd5, password, {}, {}},
                         {3, Referencing::kShortName, Mechanism::kNone, {}, {}, {}}};
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::uint8_t flags = data[0];
  const bool hdlc = flags & 1;
  const ServerConfig config = make_config(flags);
  const ServerAssociation& association = config.associations[flags >> 4 & 3];
  const auto sap = static_cast<std::uint8_t>(association.client_sap);
  CountingRandom random;
  MemoryCounters counters;
  EchoObjects objects;
  Server server(&config, &objects, &counters, &random);
  Cipher cipher = *Cipher::make(kKey, kKey);
  Instant now{1'000'000};
  server.on_open(now);
  Bytes snrm;
  if (hdlc)
    hdlc::encode_frame({{1, 0, 1},
                        hdlc::Address::client(sap),
                        {hdlc::FrameType::kSetNormalResponseMode, true, 0, 0},
                        false,
                        {}},
                       snrm);
  server.on_bytes(snrm, now);
  if (flags & 0x40) server.on_bytes(framed(open_request(association, cipher), hdlc, sap, 0), now);

  ByteReader in(ByteView(data + 1, size - 1));
  std::uint32_t counter = 1000;
  while (in.remaining() >= 2) {
    const std::uint8_t kind = *in.u8();
    const std::size_t length = std::min<std::size_t>(*in.u8(), in.remaining());
    const ByteView bytes = *in.take(length);
    Bytes sealed;
    switch (kind >> 6) {
      case 0:
        server.on_bytes(bytes, now);
        break;
      case 1:
        server.on_bytes(framed(bytes, hdlc, sap, kind), now);
        break;
      case 2:
        if (kind & 1) {
          (void)protect_service(cipher, {0x30}, kClient, {++counter}, false, bytes, sealed);
        } else {
          (void)protect_general(cipher, {0x30}, kClient, {++counter}, false, bytes, sealed);
        }
        server.on_bytes(framed(sealed, hdlc, sap, kind), now);
        break;
      case 3:
        now = server.next_timeout().value_or(now);
        server.on_timer(now);
        break;
    }
    Bytes out;
    for (int i = 0; server.poll_output(out); ++i) {
      if (i > 10'000) std::abort();
    }
    while (server.poll_event()) {
    }
    if (server.heap_bytes() > 4 * kRequestBytesMax) std::abort();
  }
  return 0;
}
