// Both ends hear any bytes, in pieces and with time passing: no crash, bounded output, and every
// request of the client ends in one event.
#include "session/c12/client.h"
#include "session/c12/server.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::c12;
  if (size < 2) return 0;
  static const Keys keys;
  const bool network = (data[0] & 1) != 0;
  ClientConfig config;
  config.transport = network ? Transport::kNetwork : Transport::kC1218;
  config.network.keys = &keys;
  config.network.datagrams = (data[0] & 2) != 0;
  config.network.own = *ap_title_from(".1");
  config.network.peer = *ap_title_from(".2");
  if ((data[0] & 4) != 0) config.negotiate = Negotiate{512, 20, {6}};
  Client client(config);
  ServerConfig server_config;
  server_config.network = network;
  server_config.options = config.network;
  MemoryTables tables;
  tables.tables[7] = Bytes(16);
  tables.tables[23] = Bytes(64);
  Server server(&server_config, &tables);
  Instant now{0};
  AMITY_ASSERT(client.connect(now).ok());
  Bytes out;
  const std::size_t piece = data[1] % 64 + 1u;
  for (std::size_t at = 2; at < size; at += piece) {
    const ByteView bytes(data + at, std::min(piece, size - at));
    client.on_bytes(bytes, now);
    server.on_bytes(bytes, now);
    while (client.poll_output(out)) server.on_bytes(out, now);
    while (server.poll_output(out)) AMITY_ASSERT(out.size() <= kOutputQueuedMax + kMessageBytesMax);
    now = now + std::chrono::milliseconds(bytes[0] * 20);
    client.on_timer(now);
    server.on_timer(now);
    while (const auto event = client.poll_event()) {
      if (!client.busy()) (void)client.read(23, now);
    }
  }
  for (int i = 0; i < 1000 && client.busy(); ++i) {
    const auto next = client.next_timeout();
    AMITY_ASSERT(next.has_value());
    now = std::max(now, *next);
    client.on_timer(now);
    while (client.poll_output(out)) {
    }
  }
  AMITY_ASSERT(!client.busy());
  return 0;
}
