// The protocols that an edge reads, beyond those of edge_agent_test.cc: DLMS with its security,
// Modbus TCP and RTU, telegrams from receivers that the edge opens; and commands for its meters.
#include "roles/edge_meters_test_support.h"

namespace amity::roles {
namespace {

// A receiver of radio telegrams, as what it says on its line.
class Stick final : public world::Conversation {
 public:
  void on_bytes(ByteView, Instant) override {}
  bool poll_output(Bytes& out) override {
    out.swap(heard);
    heard.clear();
    return !out.empty();
  }
  Bytes heard;
};

// One that serves its telegrams over TCP.
struct TcpReceiver {
  explicit TcpReceiver(Network& network) {
    listener = std::move(*network.listen({"127.0.0.1", 0}, [this](auto stream) {
      client = std::move(stream);
      client->set_handler(&radio);
    }));
  }
  Radio radio;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> client;
};

struct EdgeProtocols : EdgeMeters {
  Bytes telegram_of(const world::SideDevice& d) {
    mbus::Encoder encoder;
    return *fleet->side().resource(d.meter).telegram(encoder);
  }
  std::vector<world::SideDevice> radios() const {
    std::vector<world::SideDevice> found;
    for (const world::SideDevice& d : fleet->side().devices())
      if (d.protocol == world::MeterProtocol::kWmbus) found.push_back(d);
    return found;
  }
  std::string meter_table(const world::SideDevice& d) const {
    const Device& device = registered(d);
    std::string text = "[[meter]]\nserial = \"" + device.serial + "\"\nmanufacturer = \"" +
                       device.manufacturer + "\"\nsince = \"" + to_iso(fleet->born()) + "\"\n";
    if (d.protocol == world::MeterProtocol::kWmbus)
      return text + "key = \"" + to_hex(fleet->side().resource(d.meter).key()) + "\"\n";
    text += "address = \"" + device.address + "\"\n";
    if (d.protocol != world::MeterProtocol::kDlms) return text;
    const world::MeterKeys keys = fleet->secrets()[d.meter].keys;
    return text + "key = \"" + to_hex(keys.encryption) + "\"\nauthentication_key = \"" +
           to_hex(keys.authentication) + "\"\nclient_title = \"" +
           to_hex(fleet->secrets()[d.meter].client_title) + "\"\n";
  }
  std::vector<world::SideDevice> all() const {
    std::vector<world::SideDevice> devices;
    for (std::uint32_t i = 0; i < fleet->dlms_meters(); ++i)
      devices.push_back({DeviceId(i + 1), world::MeterProtocol::kDlms, i, 0});
    for (const world::SideDevice& d : fleet->side().devices()) devices.push_back(d);
    return devices;
  }
  std::string not_stored() {
    std::string missing;
    for (const world::SideDevice& d : all())
      if (compare(d).first == 0) missing += registered(d).serial + " ";
    return missing;
  }
};

TEST_F(EdgeProtocols, DlmsModbusAndOpenedReceiversAreInTheServersStore) {
  make_fleet("dlms=2,modbus=2,wmbus=2", 6);
  const auto heard = radios();
  ASSERT_EQ(heard.size(), 2u);
  TcpReceiver receiver(server.reactor.runtime().network);
  auto stick = std::make_unique<Stick>();
  Stick& serial = *stick;
  terminal = std::make_unique<Terminal>(server.reactor.runtime(), std::move(stick));
  reading = "zone = \"" + zone + "\"\nread_every_s = 3\n[[receiver]]\naddress = \"tcp://" +
            receiver.listener->local().to_string() + "\"\n[[receiver]]\naddress = \"serial://" +
            terminal->path + "?baud=115200&line=8N1\"\n";
  for (const world::SideDevice& d : all()) reading += meter_table(d);
  start_agent(reading);
  ASSERT_TRUE(until(20, [&] { return receiver.client != nullptr; }));
  receiver.client->send(telegram_of(heard[0]));
  append(serial.heard, telegram_of(heard[1]));
  EXPECT_TRUE(until(90, [&] { return not_stored().empty(); })) << not_stored() << server.log;
  int registers = 0, rows = 0;
  for (const world::SideDevice& d : all()) {
    const auto [r, p] = compare(d);
    registers += r;
    rows += p;
    if (d.protocol == world::MeterProtocol::kDlms) {
      EXPECT_GT(p, 150) << registered(d).serial;
    }
  }
  std::printf("%d registers and %d intervals compared\n", registers, rows);
}

struct EdgeCommands : EdgeProtocols {
  void SetUp() override {
    EdgeProtocols::SetUp();
    make_fleet("dlms=1,modbus=1", 2);
    reading = "read_every_s = 3600\n";
    for (const world::SideDevice& d : all()) reading += meter_table(d);
    start_agent(reading);
    ASSERT_TRUE(until(60, [&] { return at_server(0).valid() && at_server(1).valid(); }))
        << server.log;
  }
  DeviceId at_server(std::size_t index) {
    const auto found =
        server.store->registry().device_by_serial(registered(all()[index]).serial).value();
    return found ? found->id : DeviceId();
  }
  Command command(std::uint64_t id, std::size_t meter, CommandKind kind) {
    Command c;
    c.id = CommandId(id);
    c.device = at_server(meter);
    c.kind = kind;
    c.requested = server.reactor.runtime().clock.utc();
    c.deadline = c.requested + 60;
    EXPECT_TRUE(server.store->registry().put_command(c).ok());
    return c;
  }
  // "running done: 12 registers" as the journal has it of one command.
  std::string facts_of(std::uint64_t id) {
    std::string text;
    store::Sequence after = 0;
    while (after < server.store->journal().last()) {
      const auto entries = server.store->journal().read(after, 1'000).value();
      for (const auto& entry : entries) {
        after = entry.sequence;
        const auto* c = std::get_if<CommandChanged>(&entry.fact);
        if (c == nullptr || c->id.value != id) continue;
        text += (text.empty() ? "" : " ") + std::string(to_string(c->state));
        if (!c->result.empty()) text += ": " + c->result;
      }
    }
    return text;
  }
  bool settled(std::uint64_t id) {
    return until(40, [&] {
      const std::string facts = facts_of(id);
      return facts.find("done") != facts.npos || facts.find("failed") != facts.npos ||
             facts.find("expired") != facts.npos || facts.find("unknown") != facts.npos;
    });
  }
};

TEST_F(EdgeCommands, AreDoneByTheEdgeAndSettledOnceWhoeverRestarts) {
  server.desk->order(command(1, 0, CommandKind::kReadNow));
  ASSERT_TRUE(settled(1)) << facts_of(1) << server.log;
  EXPECT_EQ(facts_of(1).find("running done: "), 0u) << facts_of(1);

  ASSERT_TRUE(fleet->meter(0).connected());
  const Command off = command(2, 0, CommandKind::kDisconnect);
  server.desk->order(off);
  ASSERT_TRUE(settled(2)) << facts_of(2);
  EXPECT_FALSE(fleet->meter(0).connected());
  const std::string facts = facts_of(2);
  EXPECT_EQ(facts.find("running done: "), 0u) << facts;
  server.stop();  // and what the command desk does not know as settled is given out again
  server.start();
  server.desk->order(off);
  server.reactor.run_for(3s);
  EXPECT_EQ(facts_of(2), facts) << "neither told nor settled again";
  EXPECT_FALSE(fleet->meter(0).connected());
  // Nor where what was kept of it is older than its fact, or far behind in the journal.
  const std::string kept = "edge/settled";
  for (const bool forgotten : {true, false}) {
    for (int i = 0; i < 50; ++i) server.store->journal().append(ContactMade{}, [](const auto&) {});
    if (forgotten)
      ASSERT_TRUE(server.store->registry()
                      .put_value(kept, Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
                      .ok());
    server.stop();
    server.start();
    server.desk->order(off);
    server.reactor.run_for(2s);
    EXPECT_EQ(facts_of(2), facts) << forgotten;
  }

  agent.reset();  // the edge is away
  ASSERT_TRUE(until(10, [&] { return !server.desk->edges().at("edge-1").connected; }));
  server.desk->order(command(3, 0, CommandKind::kConnect));
  server.reactor.run_for(500ms);
  EXPECT_EQ(facts_of(3), "");
  start_agent(reading);
  ASSERT_TRUE(settled(3)) << facts_of(3);
  EXPECT_TRUE(fleet->meter(0).connected());

  server.desk->order(command(4, 0, CommandKind::kSetClock));
  server.desk->order(command(5, 1, CommandKind::kSetClock));  // Modbus: there is no clock
  server.desk->order(command(6, 1, CommandKind::kReadNow));
  ASSERT_TRUE(settled(4) && settled(5) && settled(6)) << facts_of(4) << facts_of(5) << facts_of(6);
  EXPECT_EQ(facts_of(4).find("running done: "), 0u) << facts_of(4);
  EXPECT_EQ(facts_of(5).find("running failed: "), 0u) << facts_of(5);
  EXPECT_EQ(facts_of(6).find("running done: "), 0u) << facts_of(6);
  std::printf("%s\n%s\n%s\n%s\n", facts_of(1).c_str(), facts.c_str(), facts_of(4).c_str(),
              facts_of(5).c_str());
}

TEST_F(EdgeCommands, ExpireWhereTheEdgeIsNotReached) {
  agent.reset();
  ASSERT_TRUE(until(10, [&] { return !server.desk->edges().at("edge-1").connected; }));
  Command late = command(8, 0, CommandKind::kDisconnect);
  late.deadline = late.requested + 1;
  server.desk->order(late);
  ASSERT_TRUE(settled(8));
  EXPECT_EQ(facts_of(8), "expired: edge edge-1 was not reached before its deadline");
  Command stranger = command(9, 0, CommandKind::kDisconnect);
  stranger.device = DeviceId(999);
  server.desk->order(stranger);
  ASSERT_TRUE(settled(9));
  EXPECT_EQ(facts_of(9), "failed: no edge reads this device");
}

// The edge is killed in the middle, many times: a switch is never sent twice, and always settled.
TEST_F(EdgeCommands, AreSettledThoughTheEdgeRestartsInTheMiddle) {
  std::string outcomes;
  for (std::uint64_t id = 20; id < 26; ++id) {
    const bool connect = id % 2 != 0;
    server.desk->order(command(id, 0, connect ? CommandKind::kConnect : CommandKind::kDisconnect));
    server.reactor.run_for(std::chrono::milliseconds(4 * (id - 20)));
    agent.reset();
    start_agent(reading);
    ASSERT_TRUE(settled(id)) << facts_of(id) << server.log;
    const std::string facts = facts_of(id);
    outcomes += facts + "\n";
    const std::size_t done = facts.find("done"), unknown = facts.find("unknown"),
                      failed = facts.find("failed");
    EXPECT_EQ((done != facts.npos) + (unknown != facts.npos) + (failed != facts.npos), 1) << facts;
    if (done != facts.npos) {
      EXPECT_EQ(fleet->meter(0).connected(), connect) << facts;
    }
  }
  std::printf("%s", outcomes.c_str());
}

}  // namespace
}  // namespace amity::roles
