#include "session/c12/test_pipe.h"

namespace amity::c12 {
namespace {

using namespace testing;

constexpr std::string_view kPassword = "PASSWORD            ";

ClientConfig optical_client() {
  ClientConfig config;
  config.negotiate = Negotiate{1024, 128, {6}};
  config.user_id = 99;
  config.user = "fixeduser";
  config.password = Secret(std::string_view("PASSWORD"));
  return config;
}

ServerConfig optical_server() {
  ServerConfig config;
  config.password = Secret(kPassword);
  return config;
}

TEST(Optical, AWholeSession) {
  ServerConfig server_config = optical_server();
  TestMeter meter;
  Server server(&server_config, &meter);
  Client client(optical_client());
  Pipe pipe(client, server);
  EXPECT_EQ(client.read(23, pipe.now).error().code, ErrorCode::kClosed);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  const auto connected = pipe.expect<Connected>();
  EXPECT_EQ(standard_name(connected.identity->standard), "C12.18");
  EXPECT_EQ(connected.negotiated->packet_size, 1024);

  EXPECT_EQ(client.run({10, false, {}}, pipe.now).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(client.read(0, pipe.now).ok());
  EXPECT_EQ(client.read(0, pipe.now).error().code, ErrorCode::kBusy);
  EXPECT_EQ(pipe.expect<TableRead>().data, meter.tables[0]);
  EXPECT_EQ(client.context().get(Var::kTimeFormat), 3u);

  ASSERT_TRUE(client.read(23, pipe.now).ok());
  EXPECT_EQ(to_hex(pipe.expect<TableRead>().data), "FB1304024D891A00");
  ASSERT_TRUE(client.read_part(64, 100, 19'000, pipe.now).ok());
  const auto part = pipe.expect<TableRead>();
  EXPECT_EQ(part.offset, 100u);
  EXPECT_EQ(part.data, Bytes(meter.tables[64].begin() + 100, meter.tables[64].begin() + 19'100));

  ASSERT_TRUE(client.write_part(23, 4, {1, 2}, pipe.now).ok());
  pipe.expect<Written>();
  EXPECT_EQ(to_hex(meter.tables[23]), "FB13040201021A00");

  wire::MeterTime time;
  time.year = 2026, time.month = 11, time.day = 20, time.hour = 14, time.minute = 15,
  time.second = 7;
  time.precision = wire::MeterTime::Precision::kSecond;
  ASSERT_TRUE(client.set_clock(time, 5, pipe.now).ok());
  const auto done = pipe.expect<ProcedureDone>();
  EXPECT_EQ(done.result, 0);
  EXPECT_EQ(to_hex(done.data), "AB");
  ASSERT_TRUE(client.run({2, true, {1}}, pipe.now).ok());
  pipe.expect<ProcedureDone>();
  ASSERT_TRUE(client.run({99, true, {}}, pipe.now).ok());
  EXPECT_EQ(pipe.expect<ProcedureDone>().result, 6);  // unrecognized
  EXPECT_EQ(meter.obeyed, (std::vector<std::string>{"SP10 07F789C8010705", "MP2 01", "MP99 "}));

  ASSERT_TRUE(client.read(900, pipe.now).ok());
  const auto refused = pipe.expect<Failed>();
  EXPECT_EQ(refused.refused, ResponseCode::kOperationNotPossible);
  EXPECT_FALSE(refused.closed);
  EXPECT_EQ(client.resolve(*ap_title_from(".1"), pipe.now).error().code, ErrorCode::kUnsupported);

  ASSERT_TRUE(client.release(pipe.now).ok());
  pipe.expect<Released>();
  EXPECT_FALSE(server.logged_on());
}

TEST(Optical, AWrongPasswordOpensNothing) {
  ServerConfig server_config = optical_server();
  TestMeter meter;
  Server server(&server_config, &meter);
  ClientConfig config = optical_client();
  config.password = Secret(std::string_view("password"));
  Client client(config);
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  const auto failed = pipe.expect<Failed>();
  EXPECT_EQ(failed.refused, ResponseCode::kInsufficientSecurity);
  EXPECT_TRUE(failed.closed);
}

TEST(Optical, LossAndDamageChangeNothing) {
  std::size_t whole = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    ServerConfig server_config = optical_server();
    TestMeter meter;
    Server server(&server_config, &meter);
    Client client(optical_client());
    Pipe pipe(client, server, {0.03, 0.03, 0, seed % 3 == 0 ? 7u : 0u, seed});
    ASSERT_TRUE(client.connect(pipe.now).ok());
    std::size_t right = 0;
    ClientEvent event = pipe.event();
    for (int i = 0; i < 20 && !std::holds_alternative<Failed>(event); ++i) {
      ASSERT_TRUE(client.read_part(64, 0, 4000, pipe.now).ok());
      event = pipe.event();
      if (const auto* read = std::get_if<TableRead>(&event)) {
        ASSERT_EQ(read->data, Bytes(meter.tables[64].begin(), meter.tables[64].begin() + 4000))
            << seed;
        ++right;
      }
    }
    // A line may be given up after four packets in a row were lost; never is anything wrong read.
    if (const auto* failed = std::get_if<Failed>(&event)) {
      const bool given_up_here = failed->closed && failed->error.code == ErrorCode::kTimeout;
      const bool given_up_there = failed->refused == ResponseCode::kInsufficientSecurity;
      EXPECT_TRUE(given_up_here || given_up_there) << to_string(failed->error);
    } else {
      EXPECT_EQ(right, 20u);
      ++whole;
    }
    EXPECT_GT(pipe.sent, 5u);
  }
  EXPECT_GT(whole, 20u);
}

TEST(Optical, SilenceIsGivenUp) {
  ServerConfig server_config = optical_server();
  TestMeter meter;
  Server server(&server_config, &meter);
  Client client(optical_client());
  Pipe pipe(client, server, {1.0, 0, 0, 0, 1});
  ASSERT_TRUE(client.connect(pipe.now).ok());
  const auto failed = pipe.expect<Failed>();
  EXPECT_EQ(failed.error.code, ErrorCode::kTimeout);
  EXPECT_TRUE(failed.closed);
  EXPECT_EQ(pipe.lost, kPacketAttempts);
  EXPECT_FALSE(client.next_timeout());
}

class Ticket : public Authenticator {
 public:
  Result<Bytes> answer(ByteView ticket) override {
    seen = Bytes(ticket.begin(), ticket.end());
    return Bytes{0, 1, 2};
  }
  Status accept(ByteView response) override {
    answered = to_hex(response);
    return {};
  }
  Bytes seen;
  std::string answered;
};

TEST(Modem, WithoutATicketThereIsNoAuthentication) {
  ServerConfig server_config = optical_server();
  server_config.identity.standard = 2;
  TestMeter meter;
  Server server(&server_config, &meter);
  ClientConfig config = optical_client();
  Ticket ticket;
  config.transport = Transport::kC1221;
  config.timing = TimingSetup{6, 50, 2, 3};
  config.authenticator = &ticket;
  Client client(config);
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  EXPECT_EQ(pipe.expect<Failed>().error.code, ErrorCode::kSecurity);
  config.authenticator = nullptr;
  Client other(config);
  Pipe second(other, server);
  ASSERT_TRUE(other.connect(second.now).ok());
  EXPECT_EQ(standard_name(second.expect<Connected>().identity->standard), "C12.21");
}

TEST(Modem, TheTicketGoesThroughTheAuthenticator) {
  ClientConfig config = optical_client();
  Ticket ticket;
  config.transport = Transport::kC1221;
  config.negotiate.reset();
  config.authenticator = &ticket;
  Client client(config);
  ASSERT_TRUE(client.connect(Instant{0}).ok());
  PacketLink meter;
  const auto answer = [&](const Bytes& response) {
    Bytes bytes;
    while (client.poll_output(bytes)) meter.on_bytes(bytes, Instant{0});
    const auto asked = meter.poll_message();
    EXPECT_TRUE(meter.send(response, Instant{0}).ok());
    while (meter.poll_output(bytes)) client.on_bytes(bytes, Instant{0});
    return asked ? to_hex(*asked) : "";
  };
  Identity identity;
  identity.standard = 2;
  identity.ticket = {9, 8, 7, 6, 5, 4, 3, 2};
  Bytes identified;
  encode(identity, identified);
  EXPECT_EQ(answer(identified), "20");
  EXPECT_EQ(to_hex(ticket.seen), "0908070605040302");
  EXPECT_EQ(answer({0, 2, 0xAA, 0xBB}), "5303000102");
  EXPECT_EQ(ticket.answered, "AABB");
  EXPECT_EQ(answer({0}).substr(0, 6), "500063");
}

// ---- C12.22 ----------------------------------------------------------------------------------

struct Net {
  Keys keys;
  ClientConfig client;
  ServerConfig server;
  TestMeter meter;

  explicit Net(SecurityMode mode, bool datagrams = false) {
    keys.set_base(*ap_title_from("2.16.124.113620.1.22.0"));
    EXPECT_TRUE(keys.add(2, *from_hex("01020304050607080102030405060708")).ok());
    NetworkOptions options;
    options.datagrams = datagrams;
    options.own = *ap_title_from(".123.4");
    options.peer = *ap_title_from(".123.8437");
    options.keys = &keys;
    options.security = mode;
    options.key_id = 2;
    options.first_iv = 1000;
    client.transport = Transport::kNetwork;
    client.network = options;
    client.password = Secret(std::string_view("PASSWORD"));
    client.user_id = 2;
    client.response_timeout = std::chrono::seconds(5);
    server.network = true;
    std::swap(options.own, options.peer);
    options.first_iv = 500'000;
    server.options = options;
    server.identity.standard = 3;
    server.password = Secret(kPassword);
  }
};

TEST(Network, EveryModeOverTcpInPieces) {
  for (const SecurityMode mode :
       {SecurityMode::kCleartext, SecurityMode::kAuthenticated, SecurityMode::kEncrypted}) {
    Net net(mode);
    Server server(&net.server, &net.meter);
    Client client(net.client);
    Pipe pipe(client, server, {0, 0, 0, 5, 1});
    ASSERT_TRUE(client.connect(pipe.now).ok());
    EXPECT_EQ(standard_name(pipe.expect<Connected>().identity->standard), "C12.22");
    ASSERT_TRUE(client.read(0, pipe.now).ok());
    EXPECT_EQ(pipe.expect<TableRead>().data, net.meter.tables[0]);
    ASSERT_TRUE(client.read_part(64, 0, 20'000, pipe.now).ok());
    EXPECT_EQ(pipe.expect<TableRead>().data, net.meter.tables[64]);
    ASSERT_TRUE(client.run({2, true, {1}}, pipe.now).ok());
    EXPECT_EQ(pipe.expect<ProcedureDone>().result, 0);
    ASSERT_TRUE(client.release(pipe.now).ok());
    pipe.expect<Released>();
  }
}

TEST(Network, SessionlessReadsWhatIsAuthenticated) {
  Net net(SecurityMode::kEncrypted);
  net.client.logon = net.client.identify = false;
  net.client.password = Secret();
  Server server(&net.server, &net.meter);
  Client client(net.client);
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  pipe.expect<Connected>();
  ASSERT_TRUE(client.read(23, pipe.now).ok());
  EXPECT_EQ(pipe.expect<TableRead>().data.size(), 8u);
}

TEST(Network, LossyDatagramsRunAProcedureOnce) {
  std::size_t done = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Net net(SecurityMode::kEncrypted, true);
    net.client.attempts = 8;
    Server server(&net.server, &net.meter);
    Client client(net.client);
    Pipe pipe(client, server, {0.1, 0.05, 0.3, 0, seed});
    ASSERT_TRUE(client.connect(pipe.now).ok());
    ClientEvent event = pipe.event();
    if (!std::holds_alternative<Connected>(event)) continue;
    ASSERT_TRUE(client.read(0, pipe.now).ok());
    if (std::holds_alternative<Failed>(pipe.event())) continue;
    ASSERT_TRUE(client.run({2, true, {1}}, pipe.now).ok());
    event = pipe.event();
    EXPECT_LE(net.meter.obeyed.size(), 1u);
    if (!std::holds_alternative<ProcedureDone>(event)) continue;
    ++done;
    EXPECT_EQ(net.meter.obeyed.size(), 1u);
  }
  EXPECT_GT(done, 10u);
}

TEST(Network, AClearAnswerToAProtectedRequestIsNotUsed) {
  Net net(SecurityMode::kEncrypted);
  net.server.options.security = SecurityMode::kCleartext;
  Server server(&net.server, &net.meter);
  Client client(net.client);
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  EXPECT_EQ(pipe.expect<Failed>().error.code, ErrorCode::kTimeout);
}

class TestRegistry : public Registry {
 public:
  std::map<ApTitle, Bytes> known;
  ResponseCode enroll(const Register& r, Registered& out) override {
    known[r.title] = Bytes(r.native_address.begin(), r.native_address.end());
    out.title = r.title;
    out.period_minutes = 1440;
    return ResponseCode::kOk;
  }
  ResponseCode withdraw(const ApTitle& title) override {
    return known.erase(title) != 0 ? ResponseCode::kOk : ResponseCode::kUnknownTitle;
  }
  ResponseCode resolve(const ApTitle& title, Bytes& address) override {
    const auto at = known.find(title);
    if (at == known.end()) return ResponseCode::kUnknownTitle;
    address = at->second;
    return ResponseCode::kOk;
  }
  ResponseCode trace(const ApTitle& title, std::vector<ApTitle>& hops) override {
    hops = {*ap_title_from(".1"), title};
    return ResponseCode::kOk;
  }
};

TEST(Network, RegistrationResolveTrace) {
  Net net(SecurityMode::kAuthenticated);
  TestRegistry registry;
  Server server(&net.server, &net.meter, &registry);
  Client client(net.client);
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  pipe.expect<Connected>();
  const Bytes address{10, 0, 0, 1, 4, 0x81};
  const ApTitle title = *ap_title_from(".123.55");
  ASSERT_TRUE(
      client.enroll({1, 0, {}, title, *ap_title_from("1.2.3"), address, 60}, pipe.now).ok());
  EXPECT_EQ(pipe.expect<RegisteredAs>().registered.period_minutes, 1440u);
  ASSERT_TRUE(client.resolve(title, pipe.now).ok());
  EXPECT_EQ(pipe.expect<ResolvedTo>().address, address);
  ASSERT_TRUE(client.trace(title, pipe.now).ok());
  EXPECT_EQ(pipe.expect<Traced>().hops.size(), 2u);
  ASSERT_TRUE(client.withdraw(title, pipe.now).ok());
  pipe.expect<Deregistered>();
  ASSERT_TRUE(client.resolve(title, pipe.now).ok());
  EXPECT_EQ(pipe.expect<Failed>().refused, ResponseCode::kUnknownTitle);
}

}  // namespace
}  // namespace amity::c12
