// A command from the API to a meter behind an edge, and what came of it back: the whole platform,
// an edge of its own with its buffer, and a virtual meter with DLMS security, on real sockets.
#include "app/api_client.h"
#include "app/loopback_fleet.h"
#include "app/test_end_to_end.h"
#include "roles/edge_agent.h"
#include "runtime/authority_test_support.h"

namespace amity::app {
namespace {

using runtime::testing::Authority;

// Of a loaded machine; what is waited for comes within seconds.
constexpr std::chrono::seconds kPatience(240);

struct EdgeCommand : ::testing::Test {
  Authority authority{"amity"};
  Authority::Files own = authority.issue("localhost"), edge = authority.issue("edge-1");
  Scratch data, edge_data;
  std::unique_ptr<LoopbackFleet> meters;
  std::unique_ptr<roles::Platform> platform;
  std::unique_ptr<roles::EdgeAgent> agent;
  ApiServer api;

  void SetUp() override {
    auto started = LoopbackFleet::start(1, 1);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    meters = std::move(*started);
    start_platform();
    start_agent();
    ASSERT_TRUE(wait_until(kPatience, [&] { return meter().has_value(); }));
  }
  void TearDown() override {
    agent.reset();
    platform.reset();
  }
  void start_platform() {
    auto options = options_in(data.path());
    options.edge.listen = Endpoint{"127.0.0.1", 0};
    options.edge.certificate = own.certificate;
    options.edge.key = own.key;
    options.edge.authority = authority.certificate;
    auto opened = roles::Platform::open(std::move(options));
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    platform = std::move(*opened);
    Device device;
    device.serial = "edge-1";
    device.protocol = edge::kEdgeProtocol;
    store::MasterData master;
    master.devices.push_back(device);
    ASSERT_TRUE(platform->store().registry().add(master).ok());
    const Status served = platform->start();
    ASSERT_TRUE(served.ok()) << to_string(served.error());
    const auto key = platform->add_api_key("field crew", "operator");
    ASSERT_TRUE(key.ok()) << to_string(key.error());
    api = *api_server_from("http://127.0.0.1:" + std::to_string(platform->http_port()));
    api.key = *key;
  }
  void start_agent() {
    const Device& device = meters->fleet().master_data().devices.front();
    const world::DeviceSecrets secrets = meters->fleet().secrets().front();
    const std::string text =
        "server = \"localhost:" + std::to_string(platform->edges().listening()->port) +
        "\"\ncertificate = \"" + edge.certificate + "\"\nkey = \"" + edge.key + "\"\nca = \"" +
        authority.certificate + "\"\ndata = \"" + edge_data.path() +
        "\"\nread_every_s = 3600\n[[meter]]\nserial = \"" + device.serial + "\"\naddress = \"" +
        device.address + "\"\nkey = \"" + to_hex(secrets.keys.encryption) +
        "\"\nauthentication_key = \"" + to_hex(secrets.keys.authentication) +
        "\"\nclient_title = \"" + to_hex(secrets.client_title) + "\"\n";
    auto config = edge::parse_edge_config(text, "edge.toml");
    ASSERT_TRUE(config.ok()) << to_string(config.error());
    auto opened = roles::EdgeAgent::open({std::move(*config), "test", "test"});
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    agent = std::move(*opened);
    const Status begun = agent->start();
    ASSERT_TRUE(begun.ok()) << to_string(begun.error());
  }
  // As the server knows it.
  std::optional<Device> meter() {
    return platform->store()
        .registry()
        .device_by_serial(meters->fleet().master_data().devices.front().serial)
        .value();
  }
  // What came of a command that was given over HTTP.
  std::string outcome_of(const std::string& body) {
    const auto answer = post(
        api, "/api/v1/devices/" + std::to_string(meter()->id.value) + "/commands", body, kPatience);
    if (!answer.ok()) return to_string(answer.error());
    if (answer->status != 202) return std::to_string(answer->status) + " " + answer->body;
    const std::size_t at = answer->body.find("\"id\":");
    const CommandId id(std::strtoull(answer->body.c_str() + at + 5, nullptr, 10));
    std::optional<Command> command;
    wait_until(kPatience, [&] {
      command = platform->store().registry().command(id).value();
      return command && command->state != CommandState::kQueued &&
             command->state != CommandState::kRunning;
    });
    if (!command) return "there is no such command";
    return std::string(to_string(command->state)) + ": " + command->result;
  }
};

TEST_F(EdgeCommand, WalksFromTheApiToTheMeterBehindTheEdgeAndBack) {
  EXPECT_EQ(meter()->address, "edge://edge-1");
  const std::string read = outcome_of(R"({"kind":"read_now"})");
  EXPECT_EQ(read.find("done: "), 0u) << read;
  EXPECT_TRUE(wait_until(kPatience, [&] {
    const ChannelId import = channel_named(platform->store().registry(), meter()->id, "import");
    return !platform->store()
                .readings()
                .read(import, meters->fleet().born(), UtcSeconds(1LL << 33))
                .value()
                .empty();
  }));
  EXPECT_EQ(outcome_of(R"({"kind":"disconnect"})"), "done: disconnected, read back");
  EXPECT_EQ(outcome_of(R"({"kind":"disconnect"})"), "done: was already disconnected");
  EXPECT_EQ(outcome_of(R"({"kind":"connect"})"), "done: connected, read back");
  std::map<std::string, edge::EdgePicture> pictures;
  ASSERT_TRUE(wait_until(kPatience, [&] {
    pictures = platform->edges().edges();
    return pictures.contains("edge-1") && pictures.at("edge-1").clock_offset_ms;
  }));
  EXPECT_TRUE(pictures.at("edge-1").connected);
  EXPECT_EQ(pictures.at("edge-1").version, "test");
  EXPECT_LT(std::abs(*pictures.at("edge-1").clock_offset_ms), 60'000);
}

}  // namespace
}  // namespace amity::app
