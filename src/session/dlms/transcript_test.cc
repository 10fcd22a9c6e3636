// One conversation, byte for byte, as a metering engineer would write it down; and what a session
// costs.
#include <malloc.h>

#include "session/dlms/test_pipe.h"

namespace amity::dlms {
namespace {

using namespace testing;

// Blanks, what follows a '#', and breaks behind a '\' are for the reader.
std::string golden(std::string_view text) {
  std::string bare;
  bool comment = false;
  bool joined = false;
  for (const char c : text) {
    if (c == '\\') {
      joined = true;
      continue;
    }
    if (c == '\n' && std::exchange(joined, false)) continue;
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (c == '\n' && (bare.empty() || bare.back() == '\n')) continue;
    if (!comment && c != ' ') bare += c;
  }
  return bare;
}

std::string transcript_of(Bench& bench) {
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server);
  EXPECT_TRUE(client.connect(pipe.now).ok());
  pipe.open();
  pipe.expect<Connected>();
  EXPECT_TRUE(client.get(ask(8, kClock, 2), pipe.now).ok());
  pipe.expect<Response>();
  EXPECT_TRUE(client.release(pipe.now).ok());
  pipe.expect<Released>();
  std::string text;
  for (const std::string& line : pipe.transcript) text += golden(line) + "\n";
  return text;
}

TEST(DlmsTranscript, public_client_over_the_wrapper) {
  Bench bench;
  bench.client.link.client_sap = 16;
  EXPECT_EQ(transcript_of(bench), golden(R"(# source and destination wPort, length, APDU
> 0001 0010 0001 001F  601D A109 060760857405080101 BE10 040E 01000000 065F1F0400 601EDF FFFF  # AARQ: LN, no security
# AARE: accepted, PDU 1024
< 0001 0001 0010 002B  6129 A109 060760857405080101 A203020100 A305A103020100 BE10 040E 0800 \
   065F1F0400 601EDF 0400 0007
> 0001 0010 0001 000D  C001C1 0008 0000010000FF 02 00         # get-request: clock, time
< 0001 0001 0010 0012  C401C1 00 090C 07EA0B150600090000000000  # get-response: 2026-11-21 00:09:00
> 0001 0010 0001 0005  6203 800100  # RLRQ
< 0001 0001 0010 0005  6303 800100  # RLRE
)"));
}

TEST(DlmsTranscript, public_client_over_hdlc) {
  Bench bench;
  bench.client.link.client_sap = 16;
  bench.client.link.transport = bench.server.link.transport = Transport::kHdlc;
  bench.client.link.hdlc.offer = bench.server.link.hdlc.offer = {};
  EXPECT_EQ(transcript_of(bench), golden(R"(> 7E A007 03 21 93 0F01 7E  # SNRM
< 7E A007 21 03 73 0140 7E  # UA: the default parameters
# I s=0 r=0 P
> 7E A02B 03 21 10 FBAF E6E600 601D A109 060760857405080101 BE10 040E 01000000 065F1F0400 601EDF \
   FFFF 54FA 7E
< 7E A037 21 03 30 6C7C E6E700 6129 A109 060760857405080101 A203020100 A305A103020100 BE10 040E \
   0800 065F1F0400 601EDF 0400 0007 9A5F 7E
> 7E A019 03 21 32 6FD8 E6E600 C001C1 0008 0000010000FF 02 00 601A 7E  # I s=1 r=1 P
< 7E A01E 21 03 52 484A E6E700 C401C1 00 090C 07EA0B150600090000000000 8D00 7E  # I s=1 r=2 F
> 7E A011 03 21 54 873B E6E600 6203 800100 BD9B 7E  # RLRQ
< 7E A011 21 03 74 85BC E6E700 6303 800100 2C0F 7E  # RLRE
> 7E A007 03 21 53 03C7 7E  # DISC
< 7E A007 21 03 73 0140 7E  # UA
)"));
}

TEST(DlmsTranscript, authenticated_and_encrypted_with_hls_gmac) {
  Bench bench(Mechanism::kHighGmac, {SecuritySuite::k0, true, true});
  EXPECT_EQ(
      transcript_of(bench),
      golden(
          R"(# AARQ: LN with ciphering, client title, HLS 5, CtoS, glo-initiate-request with counter 1
> 0001 0001 0001 005F 605D A109 060760857405080103 A60A 0408 4D4D4D0000000001 8A020780 8B07 \
   60857405080205 AC12 8010 7DD230991AE1204178DBAED7F63CFDF3 BE23 0421 211F 30 00000001 \
   9945AB0E570975CCDF318307675F888880540DD4DC3115E5171D
# AARE: accepted, authentication required, meter's title, StoC, glo-initiate-response
< 0001 0001 0001 006B 6169 A109 060760857405080103 A203020100 A305A10302010E A40A 0408 \
   4D4D4D0000BC614E 88020780 8907 60857405080205 AA12 8010 F9FB1CFF2D97A66D57095B3D3DBF7A95 BE23 \
   0421 281F 30 00000001 D96106551DB77E316F5BD00B895AAF2436C77218F64E95262446
# glo-action-request: reply to HLS authentication, f(StoC) took counter 2
> 0001 0001 0001 0033 CB31 30 00000003 \
   603876AB2931261F682CAB4C405FAA04ED038F35F3757FC21717DDB288C97559F34EC1CDDA79E05B DD600FA9
< 0001 0001 0001 002C CF2A 30 00000003 BCC29BB99B746A2ECC67525F544F56D977C357A5A62F178A71D86FAF6F4395A1481D1F72C4
# glo-get-request, glo-get-response
> 0001 0001 0001 0020 C81E 30 00000004 C0376A65ADE5B79EF38D5538F2F55DA96D84799422CEEE3E9B
< 0001 0001 0001 0025 CC23 30 00000004 B2D13C4EE549CBEAF1B17BEF1913DE7EDDE57D4CCEF965152908B0AC9340
# RLRQ with glo-initiate-request, RLRE
> 0001 0001 0001 002A 6228 800100 BE23 0421 211F 30 00000005 7E307C453D67AAFD39647CA1C544796A324E5774D73097594067
< 0001 0001 0001 0005 6303 800100
)"));
}

// Both ends, after the associations fell idle and gave back what they can.
TEST(DlmsMemory, an_idle_association_stays_small) {
  constexpr std::size_t kSessions = 500;
  for (const Transport transport : {Transport::kWrapperStream, Transport::kHdlc}) {
    Bench bench(Mechanism::kHighGmac, {SecuritySuite::k0, true, true});
    bench.client.link.transport = bench.server.link.transport = transport;
    std::vector<Client> clients;
    std::vector<Server> servers;
    clients.reserve(kSessions);
    servers.reserve(kSessions);
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < kSessions; ++i) {
      bench.client_counters = MemoryCounters(1);
      bench.server_counters = MemoryCounters(1);
      clients.push_back(bench.make_client());
      servers.push_back(bench.make_server());
      Client& client = clients.back();
      Pipe pipe(client, servers.back());
      ASSERT_TRUE(client.connect(pipe.now).ok());
      pipe.open();
      pipe.expect<Connected>();
      ASSERT_TRUE(client.get(ask(7, kProfile, 2), pipe.now).ok());
      pipe.expect<Response>();
      pipe.now = pipe.now + std::chrono::seconds(10);
      client.on_timer(pipe.now);
      servers.back().on_timer(pipe.now);
      ASSERT_TRUE(client.connected());
    }
    const std::size_t both = (mallinfo2().uordblks - before) / kSessions;
    const std::size_t client_bytes = clients[0].heap_bytes();
    const std::size_t server_bytes = servers[0].heap_bytes();
    RecordProperty("bytes_both_ends", static_cast<int>(both));
    std::printf("idle association: client %zu, server %zu, measured both %zu bytes\n", client_bytes,
                server_bytes, both);
    EXPECT_LE(client_bytes, 4096u);
    EXPECT_LE(server_bytes, 4096u);
    EXPECT_LE(both, 2 * 4096u);
  }
}

}  // namespace
}  // namespace amity::dlms
