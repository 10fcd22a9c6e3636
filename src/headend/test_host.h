// For tests: the server machine of a meter on the virtual network, and a head-end that reads it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <memory>
#include <set>

#include "headend/fakes.h"
#include "headend/headend.h"
#include "headend/test_loop.h"

namespace amity::headend {

// One side of a connection: bytes in, bytes out.
class TestPeer {
 public:
  virtual ~TestPeer() = default;
  virtual void on_bytes(ByteView bytes, Instant now) = 0;
  virtual bool poll_output(Bytes& out) = 0;
  virtual void on_timer(Instant) {}
};

template <class Server>
class ServerPeer final : public TestPeer {
 public:
  explicit ServerPeer(Server server) : server_(std::move(server)) {}
  void on_bytes(ByteView bytes, Instant now) override {
    if constexpr (requires { server_.on_bytes(bytes, now); }) {
      server_.on_bytes(bytes, now);
    } else {
      server_.on_bytes(bytes);
    }
  }
  bool poll_output(Bytes& out) override { return server_.poll_output(out); }

 private:
  Server server_;
};

// Listens; every connection gets a peer of its own. May hang up after so many answers.
class TestHost {
 public:
  using Make = std::function<std::unique_ptr<TestPeer>()>;

  TestHost(TestLoop& loop, const Endpoint& at, Make make) : loop_(loop), make_(std::move(make)) {
    listener_ = std::move(loop.listen(at, [this](std::unique_ptr<Stream> stream) {
                  ++accepted;
                  connections_.push_back(std::make_unique<Connection>(*this, std::move(stream)));
                })).value();
  }
  // To all who are connected.
  void say(ByteView bytes) {
    for (const auto& c : connections_) {
      if (c->stream) c->stream->send(Bytes(bytes.begin(), bytes.end()));
    }
  }
  std::size_t accepted = 0, answers = 0;
  std::size_t hang_up_after = SIZE_MAX;  // answers

 private:
  struct Connection : Stream::Handler {
    Connection(TestHost& h, std::unique_ptr<Stream> s)
        : host(h), stream(std::move(s)), peer(h.make_()) {
      stream->set_handler(this);
    }
    void on_open() override {}
    void on_closed(const Error&) override {}
    void on_bytes(ByteView bytes) override {
      peer->on_bytes(bytes, host.loop_.now());
      Bytes out;
      while (stream && peer->poll_output(out)) {
        if (++host.answers > host.hang_up_after) {
          host.hang_up_after = SIZE_MAX;
          stream->close();
          stream.reset();
          return;
        }
        stream->send(std::exchange(out, {}));
      }
    }
    TestHost& host;
    std::unique_ptr<Stream> stream;
    std::unique_ptr<TestPeer> peer;
  };

  TestLoop& loop_;
  Make make_;
  std::unique_ptr<Listener> listener_;
  std::list<std::unique_ptr<Connection>> connections_;
};

// A head-end over fakes, with devices of any protocol.
struct ReportHeadEndTest : ::testing::Test {
  TestLoop loop{UtcSeconds(1'790'000'000 / 3'600 * 3'600 + 960)};
  FakeRegistry registry;
  FakeReadings readings;
  FakeEvents events;
  FakeIntake intake{readings, events};
  std::unique_ptr<KeyRing> ring;
  std::vector<Fact> facts;
  HeadEndConfig config;
  std::unique_ptr<HeadEnd> headend;

  ReportHeadEndTest() {
    config.read.backfill_s = 86'400;
    config.read.interval_s = 3'600;
    config.read.spread_s = 60;
    config.zone = TimeZone::find("Europe/Madrid").value();
    ring = std::move(KeyRing::open(registry, Bytes(32, 0x5A), loop, false)).value();
  }
  ~ReportHeadEndTest() override { headend.reset(); }

  Device& add(std::uint32_t id, std::string serial, std::string protocol, std::string address) {
    Device device;
    device.id = DeviceId(id);
    device.serial = std::move(serial);
    device.protocol = std::move(protocol);
    device.address = std::move(address);
    return registry.device_map[id] = device;
  }
  void start() {
    headend = std::make_unique<HeadEnd>(loop.runtime(), registry, readings, events, intake, *ring,
                                        config, [this](Fact f) { facts.push_back(std::move(f)); });
    ASSERT_TRUE(headend->start().ok());
  }
  // "ok", or why not; one line each.
  std::string contacts() const {
    std::string out;
    for (const Fact& f : facts) {
      if (const auto* c = std::get_if<ContactMade>(&f)) out += (c->ok ? "ok" : c->error) + "\n";
    }
    return out;
  }
  std::string outcome() const {
    std::string out;
    for (const Fact& f : facts) {
      const auto* c = std::get_if<CommandChanged>(&f);
      if (c != nullptr && !c->result.empty())
        out += std::string(to_string(c->state)) + ": " + c->result + "\n";
    }
    return out;
  }
  void command(std::uint32_t device, CommandKind kind, std::string argument = "") {
    Command c;
    c.id = CommandId(next_command_++);
    c.device = DeviceId(device);
    c.kind = kind;
    c.argument = std::move(argument);
    c.requested = loop.utc();
    headend->submit(c);
  }
  // Of a channel by its name and kind.
  const std::map<std::int64_t, Reading>& kept(std::uint32_t device, std::string_view name,
                                              ChannelKind kind = ChannelKind::kRegister) {
    for (const Channel& c : registry.channel_list) {
      if (c.device == DeviceId(device) && c.name == name && c.kind == kind)
        return readings.kept[c.id.value];
    }
    return readings.kept[0];
  }
  // The newest reading of each channel of a device: "name value unit".
  std::string newest(std::uint32_t device) {
    std::string out;
    for (const Channel& c : registry.channel_list) {
      const auto& rows = readings.kept[c.id.value];
      if (c.device != DeviceId(device) || rows.empty()) continue;
      const Reading& r = rows.rbegin()->second;
      out += c.name + " " + to_string(Decimal{r.value, c.exponent}) + " " +
             std::string(symbol(c.unit)) + "\n";
    }
    return out;
  }

 private:
  std::uint64_t next_command_ = 1;
};

}  // namespace amity::headend
