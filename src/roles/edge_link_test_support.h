// For tests: a server's desk over a real store, and an edge, on real sockets with real
// certificates.
#pragma once

#include <gtest/gtest.h>

#include "edge/desk.h"
#include "edge/uplink.h"
#include "intake/make_intake.h"
#include "runtime/authority_test_support.h"
#include "runtime/runtime_test_support.h"
#include "runtime/tls.h"
#include "store/store.h"
#include "store/test_directory.h"

namespace amity::roles {

using namespace std::chrono_literals;

inline constexpr std::int64_t kFirstTime = 1'790'000'000 / 900 * 900;

// Batch N: one reading of 100 N at the Nth quarter of an hour, of one meter.
inline Bytes quarter(edge::Sequence n) {
  Device device;
  device.id = DeviceId(1);
  device.serial = "EDGE-METER";
  device.protocol = "mbus";
  Channel channel;
  channel.id = ChannelId(4);
  channel.device = device.id;
  channel.name = "import";
  channel.unit = Unit::kWattHour;
  channel.interval_s = 900;
  // From far enough back that no batch of any test is of the future, which the intake refuses.
  const UtcSeconds time(kFirstTime - 900 * 100'000 + 900 * static_cast<std::int64_t>(n));
  edge::Batch batch{
      {device},
      {channel},
      ReadingsArrived{
          "headend", time, {{channel.id, time, static_cast<std::int64_t>(100 * n), {}}}}};
  return edge::encode_batch(batch).value();
}

// The server; it may crash and begin again over the same directory.
struct Server {
  explicit Server(const runtime::testing::Authority::Files& own, std::string authority)
      : files(own), authority_file(std::move(authority)) {}
  ~Server() { stop(); }

  void start() {
    auto opened = store::open_embedded(directory.path(), {});
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    store = std::move(*opened);
    intake = std::move(intake::make_intake(*store, reactor.runtime().clock)).value();
    auto tls = runtime::TlsContext::server(files.certificate, files.key, authority_file);
    ASSERT_TRUE(tls.ok()) << to_string(tls.error());
    network = runtime::make_tls_network(reactor.runtime(), *tls);
    const Runtime plain = reactor.runtime();
    desk = std::make_unique<edge::Desk>(
        edge::DeskContext{{plain.clock, plain.timers, plain.random, *network},
                          runtime::proved_name,
                          store->registry(),
                          store->journal(),
                          *intake,
                          [this](const std::string& what) { log += what + "\n"; },
                          configurations,
                          programs,
                          directory / "quarantine"});
    const Status started = desk->start({"127.0.0.1", port});
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    port = desk->listening().port;
  }
  void stop() {
    desk.reset();
    network.reset();
    intake.reset();
    store.reset();
  }
  void add_edge(const std::string& name) {
    Device device;
    device.serial = name;
    device.protocol = edge::kEdgeProtocol;
    store::MasterData data;
    data.devices.push_back(device);
    ASSERT_TRUE(store->registry().add(data).ok());
  }
  // "100@1 200@2 ..." of the meter's channel, every raw version; times as batch numbers.
  std::vector<Reading> stored(const std::string& serial = "EDGE-METER") {
    const auto device = store->registry().device_by_serial(serial).value();
    if (!device) return {};
    std::vector<Reading> all;
    const auto channels = store->registry().channels_of(device->id).value();
    for (const Channel& channel : channels) {
      auto some =
          store->readings().read(channel.id, UtcSeconds(0), UtcSeconds(2'000'000'000)).value();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  // How often each batch's fact stands in the journal, in its order.
  std::vector<std::int64_t> journaled() {
    std::vector<std::int64_t> values;
    store::Sequence after = 0;
    while (after < store->journal().last()) {
      const auto entries = store->journal().read(after, 1'000).value();
      for (const auto& entry : entries) {
        after = entry.sequence;
        const auto* readings = std::get_if<ReadingsArrived>(&entry.fact);
        if (readings == nullptr) continue;
        for (const Reading& r : readings->readings) values.push_back(r.value / 100);
      }
    }
    return values;
  }

  runtime::Reactor reactor;
  runtime::testing::Authority::Files files;
  std::string authority_file;
  store::TestDirectory directory;
  std::uint16_t port = 0;
  std::string log, configurations, programs;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<intake::Intake> intake;
  std::unique_ptr<Network> network;
  std::unique_ptr<edge::Desk> desk;
};

// The edge on a reactor.
struct Client {
  Client(runtime::Reactor& r, std::string d) : reactor(r), directory(std::move(d)) {}

  void start(const std::string& trusted, const runtime::testing::Authority::Files& own,
             std::uint16_t port, edge::BufferOptions options = {}) {
    buffer = std::move(edge::Buffer::open(directory, options, reactor.runtime().random)).value();
    connect(trusted, own, port);
  }
  void connect(const std::string& trusted, const runtime::testing::Authority::Files& own,
               std::uint16_t port) {
    auto tls = runtime::TlsContext::client(trusted, own.certificate, own.key);
    ASSERT_TRUE(tls.ok()) << to_string(tls.error());
    network = runtime::make_tls_network(reactor.runtime(), *tls);
    edge::Uplink::Events events;
    events.lost = [this](const Error& why) { lost = to_string(why); };
    events.rolled_back = [this](edge::Sequence) { ++rollbacks; };
    events.failed = [this](const Error& why) { failed = to_string(why); };
    const Runtime plain = reactor.runtime();
    uplink = std::make_unique<edge::Uplink>(
        Runtime{plain.clock, plain.timers, plain.random, *network}, *buffer,
        edge::UplinkConfig{{"localhost", port}, "test", "test"}, events);
    uplink->start();
  }
  void disconnect() {
    uplink.reset();
    network.reset();
  }
  void add(edge::Sequence count) {
    for (edge::Sequence i = 0; i < count; ++i)
      ASSERT_TRUE(buffer->append(quarter(buffer->last() + 1)).ok());
    ASSERT_TRUE(buffer->sync().ok());
    if (uplink) uplink->wake();
  }

  runtime::Reactor& reactor;
  std::string directory, lost, failed;
  int rollbacks = 0;
  std::unique_ptr<edge::Buffer> buffer;
  std::unique_ptr<Network> network;
  std::unique_ptr<edge::Uplink> uplink;
};

}  // namespace amity::roles
