// From virtual meters through an edge to a server's store: on real sockets, a real pseudo terminal
// and a real disk, with the server away in between.
#include <fstream>

#include "roles/edge_meters_test_support.h"

namespace amity::roles {
namespace {

TEST_F(EdgeMeters, OfEveryProtocolAreInTheServersStoreExactlyThoughItWasAway) {
  build_town();
  server.stop();  // away from the beginning
  start_agent(reading);
  ASSERT_TRUE(until(60, [&] { return agent->durable() > 25; })) << agent->durable();
  send_telegrams();
  server.reactor.run_for(3s);
  const edge::Sequence before = agent->durable();
  EXPECT_EQ(agent->acknowledged(), 0u);
  agent.reset();  // restarts without having reached anybody
  start_agent(reading);
  EXPECT_GE(agent->durable(), before);
  server.start();
  ASSERT_TRUE(until(90, [&] { return agent->acknowledged() > before + 20; }))
      << agent->acknowledged() << server.log;
  EXPECT_EQ(metered(), "") << "not read";
  int registers = 0, rows = 0;
  for (const world::SideDevice& d : fleet->side().devices()) {
    const auto [r, p] = compare(d);
    registers += r;
    rows += p;
    if (d.protocol == world::MeterProtocol::kIec62056) EXPECT_GT(p, 150) << registered(d).serial;
  }
  std::printf("%d registers and %d intervals of %zu meters compared\n", registers, rows,
              fleet->side().devices().size());
  EXPECT_FALSE(agent->ended());
}

TEST_F(EdgeMeters, TheServerSaysWhatIsReadAndAWrongFileChangesNothing) {
  build_town();
  server.stop();
  server.configurations = directory / "configurations";
  std::filesystem::create_directories(server.configurations);
  const std::string file = server.configurations + "/edge-1.toml";
  std::ofstream(file) << reading;
  server.start();
  start_agent("");
  ASSERT_TRUE(until(30, [&] { return agent->configuration() == 1; })) << server.log;
  const auto all_read = [&] {
    for (const world::SideDevice& d : fleet->side().devices())
      if (d.protocol == world::MeterProtocol::kSml && stored(registered(d).serial).empty())
        return false;
    return true;
  };
  EXPECT_TRUE(until(60, all_read)) << server.log;

  std::ofstream(file) << reading << "[[meter]]\nserial = \"9\"\naddress = \"carrier+pigeon://x\"\n";
  const auto& picture = server.desk->edges().at("edge-1");
  ASSERT_TRUE(until(30, [&] { return !picture.configuration_refusal.empty(); }));
  EXPECT_NE(picture.configuration_refusal.find("configuration 2:"), std::string::npos)
      << picture.configuration_refusal;
  EXPECT_NE(picture.configuration_refusal.find("carrier+pigeon"), std::string::npos)
      << picture.configuration_refusal;
  EXPECT_EQ(agent->configuration(), 1u);
  const edge::Sequence then = agent->acknowledged();
  EXPECT_TRUE(until(60, [&] { return agent->acknowledged() > then + 5; })) << "it reads on";

  std::ofstream(file) << "read_every_s = 60\n";
  ASSERT_TRUE(until(30, [&] { return picture.configuration == 3; }));
  agent.reset();
  start_agent(reading);  // what the server sent counts, also after a restart
  EXPECT_EQ(agent->configuration(), 3u);
}

TEST_F(EdgeMeters, AFullBufferRefusesAndSaysSo) {
  build_town();
  server.stop();
  start_agent("buffer_mib = 1\n" + reading);
  agent.reset();
  {  // almost full, of old
    runtime::Reactor other;
    auto buffer =
        edge::Buffer::open(directory / "edge/buffer", {1 << 20, false}, other.runtime().random)
            .value();
    while (buffer->append(quarter(buffer->last() % 4'000 + 1)).ok()) {
    }
  }
  start_agent("buffer_mib = 1\n" + reading);
  const edge::Sequence full = agent->durable();
  server.reactor.run_for(8s);
  EXPECT_LE(agent->durable(), full + 2);  // that it is full
  EXPECT_FALSE(agent->ended());
  server.start();
  const auto told = [&] {
    std::string all;
    const auto events = server.store->events().latest(1'000).value();
    for (const Event& e : events) all += e.text + "\n";
    return all;
  };
  EXPECT_TRUE(until(
      60, [&] { return told().find("the buffer takes readings again") != std::string::npos; }));
  EXPECT_NE(told().find("the buffer of 1 MiB is full"), std::string::npos);
  const auto read = [&] {
    const auto devices = fleet->side().devices();
    return std::ranges::any_of(devices, [&](const world::SideDevice& d) {
      return d.protocol == world::MeterProtocol::kSml && compare(d).first > 0;
    });
  };
  EXPECT_TRUE(until(60, read)) << "nothing is read after it";
}

}  // namespace
}  // namespace amity::roles
