// For benchmarks: both ends of a conversation with HLS 5 (GMAC), everything authenticated and encrypted; the meter
// has one register.
#pragma once

#include "session/dlms/client.h"
#include "session/dlms/server.h"
#include "wire/dlms/data_value.h"

namespace amity::app {

inline constexpr dlms::AttributeRef kEnergy{3, {1, 0, 1, 8, 0, 255}, 2};

struct Energy : dlms::Objects {
  dlms::DataAccessResult get(const dlms::AssociationContext&, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>&, Bytes& out) override {
    if (a != kEnergy) return dlms::DataAccessResult::kObjectUndefined;
    dlms::DataWriter(out).uint32(123'456'789);
    return dlms::DataAccessResult::kSuccess;
  }
  dlms::DataAccessResult set(const dlms::AssociationContext&, const dlms::AttributeRef&,
                             const std::optional<dlms::SelectiveAccess>&, ByteView) override {
    return dlms::DataAccessResult::kReadWriteDenied;
  }
  dlms::ActionResult action(const dlms::AssociationContext&, const dlms::MethodRef&, const std::optional<ByteView>&,
                            Bytes&) override {
    return dlms::ActionResult::kReadWriteDenied;
  }
  void list(const dlms::AssociationContext&, std::vector<dlms::ObjectEntry>&) override {}
};

inline constexpr dlms::SecurityPolicy kPolicy{dlms::SecuritySuite::k0, true, true};
inline constexpr dlms::SystemTitle kClientTitle{'A', 'M', 'Y', 0, 0, 0, 0, 1};
inline constexpr dlms::SystemTitle kServerTitle{'A', 'M', 'T', 0, 0, 0, 0, 2};

inline dlms::GlobalKeys bench_keys() { return {dlms::Secret(Bytes(16, 0x11)), dlms::Secret(Bytes(16, 0xD1))}; }

// Many meters behind one key: our counters go on over all of them, each meter has its own.
struct BenchCounters : dlms::InvocationCounters {
  explicit BenchCounters(dlms::MemoryCounters& shared) : own(shared) {}
  Result<std::uint32_t> next_own() override { return own.next_own(); }
  Status accept_peer(std::uint32_t counter) override { return peer.accept_peer(counter); }
  dlms::MemoryCounters& own;
  dlms::MemoryCounters peer;
};

inline dlms::ServerConfig bench_server() {
  dlms::ServerConfig config;
  config.title = kServerTitle;
  config.keys = bench_keys();
  dlms::ServerAssociation association;
  association.client_sap = 1;
  association.mechanism = dlms::Mechanism::kHighGmac;
  association.security = kPolicy;
  config.associations = {association};
  config.inactivity_timeout = Duration(0);  // never
  return config;
}

inline dlms::ClientConfig bench_client() {
  dlms::ClientConfig config;
  config.link.client_sap = 1;
  config.mechanism = dlms::Mechanism::kHighGmac;
  config.client_title = kClientTitle;
  config.security = kPolicy;
  config.keys = bench_keys();
  return config;
}

}  // namespace amity::app
