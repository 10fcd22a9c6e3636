// A real broker (Debian package mosquitto) on loopback: what devices publish comes down to the
// store.
#include <gtest/gtest.h>
#include <mosquitto.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "roles/test_heard_role.h"
#include "runtime/runtime_test_support.h"

extern char** environ;

namespace amity::roles {
namespace {

constexpr const char* kBroker = "/usr/sbin/mosquitto";
constexpr const char* kMap = R"(
[[source]]
name = "plug"
topics = ["house/+/plug"]
time = "/at"
[[source.value]]
path = "/total"
quantity = "active energy import"
unit = "Wh"
kind = "total"
)";

template <class Done>
bool wait_until(Done&& done) {
  for (int i = 0; i < 200 && !done(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return done();
}

// A port that nobody had a moment ago.
std::uint16_t free_port() {
  runtime::Reactor reactor;
  auto listener = reactor.runtime().network.listen({"127.0.0.1", 0}, [](auto) {});
  return (*listener)->local().port;
}

struct Mqtt : HeardRoleFixture {
  std::uint16_t port = 0;
  std::string folder = (std::filesystem::temp_directory_path() / "amity-mqtt-XXXXXX").string();
  pid_t broker = 0;

  void SetUp() override {
    if (!std::filesystem::exists(kBroker))
      GTEST_SKIP() << "no broker at " << kBroker << ": scripts/deps";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    port = free_port();
    std::ofstream(folder + "/conf") << "listener " << port << " 127.0.0.1\nallow_anonymous true\nlog_dest none\n";
    prepare("P1", "json", "mqtt:house/7/plug");
    HeardOptions options;
    options.uplinks = heard::parse_uplink_map(kMap, "map.toml").value();
    options.mqtt_url = "mqtt://127.0.0.1:" + std::to_string(port);
    ASSERT_TRUE(role->start(options).ok());
  }
  void TearDown() override {
    if (role) role->stop();
    stop_broker();
    std::filesystem::remove_all(folder);
  }
  void start_broker() {
    const std::string conf = folder + "/conf";
    std::vector<char*> arguments = {const_cast<char*>(kBroker), const_cast<char*>("-c"),
                                    const_cast<char*>(conf.c_str()), nullptr};
    ASSERT_EQ(posix_spawn(&broker, kBroker, nullptr, nullptr, arguments.data(), environ), 0);
  }
  void stop_broker() {
    if (broker == 0) return;
    kill(broker, SIGTERM);
    waitpid(broker, nullptr, 0);
    broker = 0;
  }
  // A device that connects, publishes with quality of service 1, and waits for its acknowledgement.
  bool publish(const std::string& topic, const std::string& message) {
    mosquitto* device = mosquitto_new(nullptr, true, nullptr);
    const bool connected = wait_until(
        [&] { return mosquitto_connect(device, "127.0.0.1", port, 10) == MOSQ_ERR_SUCCESS; });
    mosquitto_publish(device, nullptr, topic.c_str(), static_cast<int>(message.size()),
                      message.data(), 1, false);
    for (int i = 0; i < 50 && (i < 5 || mosquitto_want_write(device)); ++i)
      mosquitto_loop(device, 20, 1);
    mosquitto_disconnect(device);
    mosquitto_destroy(device);
    return connected;
  }
};

// The role is there before the broker, as after a common power failure.
TEST_F(Mqtt, WhatADevicePublishesIsKeptAlsoAfterTheBrokerWasAway) {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  start_broker();
  const std::string first = R"({"at":"2026-09-21T14:15:00Z","total":12345})";
  // The subscription stands a moment after the connection: the device tries until it is heard.
  ASSERT_TRUE(wait_until([&] { return publish("house/7/plug", first) && kept().size() == 1; }));
  EXPECT_EQ(kept()[0].value, 12'345);
  ASSERT_TRUE(publish("house/9/plug", first));  // nobody's
  ASSERT_TRUE(wait_until([&] { return role->totals()["plug"].unknown_meters == 1; }));
  stop_broker();
  start_broker();
  const std::string second = R"({"at":"2026-09-21T14:30:00Z","total":12400})";
  ASSERT_TRUE(wait_until([&] { return publish("house/7/plug", second) && kept().size() == 2; }));
  EXPECT_EQ(kept()[1].value, 12'400);
}

TEST_F(Mqtt, AWrongUrlIsSaid) {
  HeardRole other(*store, *intake, *keys, TimeZone::utc());
  HeardOptions options;
  options.mqtt_url = "http://127.0.0.1";
  const Status status = other.start(options);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().reason, "MQTT: a broker is mqtt://HOST:PORT or mqtts://HOST:PORT");
}

}  // namespace
}  // namespace amity::roles
