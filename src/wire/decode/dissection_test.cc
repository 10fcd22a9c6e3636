// What we send, read by a dissector that shares no line with us: messages of C12.22 and SML are
// written into captures and taken apart by tshark, which must find every field as it was meant,
// checksums, authentication and decryption included.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "wire/c12/message.h"
#include "wire/c12/service.h"
#include "wire/sml/message.h"
#include "wire/sml/transport.h"

namespace amity {
namespace {

constexpr std::uint16_t kC1222Port = 1153, kSmlPort = 7'259;

void put_be(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

// A classic capture of raw IPv4 (link type 101), one datagram each.
Bytes capture_of(const std::vector<Bytes>& datagrams, std::uint16_t port) {
  Bytes out;
  put_be(out, 0xA1B2C3D4, 4);
  put_be(out, 0x00020004, 4);
  put_be(out, 0, 4);
  put_be(out, 0, 4);
  put_be(out, 65'535, 4);
  put_be(out, 101, 4);
  std::uint32_t second = 1'795'200'000;
  for (const Bytes& datagram : datagrams) {
    const auto size = static_cast<std::uint32_t>(datagram.size());
    put_be(out, second++, 4);
    put_be(out, 0, 4);
    put_be(out, size + 28, 4);
    put_be(out, size + 28, 4);
    put_be(out, 0x45000000 | (size + 28), 4);
    put_be(out, 0, 4);
    put_be(out, 0x40110000, 4);  // UDP; checksums left out
    put_be(out, 0x0A000001, 4);
    put_be(out, 0x0A000002, 4);
    put_be(out, 40'000, 2);
    put_be(out, port, 2);
    put_be(out, size + 8, 2);
    put_be(out, 0, 2);
    append(out, datagram);
  }
  return out;
}

// What tshark shows of the protocol whose tree begins with `title`, one block a datagram.
std::string dissect(const std::vector<Bytes>& datagrams, std::uint16_t port,
                    const std::string& options, std::string_view title) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("amity-dissect-" + std::to_string(::getpid()) + ".pcap");
  const Bytes capture = capture_of(datagrams, port);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(capture.data()),
             static_cast<std::streamsize>(capture.size()));
  const std::string command = "tshark -V -r " + path.string() + " " + options + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot start tshark";
  std::string output;
  std::array<char, 4'096> piece{};
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
  std::filesystem::remove(path);

  std::string shown;
  bool inside = false;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' ')) {
      inside = line == title;
      if (inside) shown += "--\n";
    } else if (inside && line.size() > 4) {
      shown += line.substr(4) + "\n";
    }
  }
  return shown;
}

// Of a tree the lines that have one of `words`, without their indentation.
std::string kept(const std::string& tree, const std::vector<std::string_view>& words) {
  std::string out;
  std::istringstream lines(tree);
  for (std::string line; std::getline(lines, line);) {
    line.resize(line.find_last_not_of(' ') + 1);
    const auto has = [&](std::string_view word) { return line.find(word) != std::string::npos; };
    if (line == "--" || std::ranges::any_of(words, has))
      out += line.substr(std::min(line.find_first_not_of(' '), line.size())) + "\n";
  }
  return out;
}

bool has_tshark() {
  return std::system("tshark --version >/dev/null 2>&1") == 0;  // NOLINT(cert-env33-c)
}

class Dissection : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_tshark()) GTEST_SKIP() << "tshark is not installed (scripts/deps does it)";
  }
};

// ---- C12.22 -------------------------------------------------------------------------------------

class DissectionC1222 : public Dissection {
 protected:
  DissectionC1222() {
    keys_.set_base(*c12::ap_title_from("2.16.124.113620.1.22.0"));
    EXPECT_TRUE(keys_.add(2, *from_hex("01020304050607080102030405060708")).ok());
  }

  Bytes message(const std::vector<Bytes>& services, c12::SecurityMode mode) {
    c12::Header header;
    header.called = *c12::ap_title_from(".123.8437");
    header.calling = *c12::ap_title_from(".123.4");
    header.calling_invocation = ++invocation_;
    header.control.security = mode;
    if (mode != c12::SecurityMode::kCleartext)
      header.authentication = c12::Authentication{2, {0x69, 0, 0, invocation_}};
    Bytes payload, apdu;
    for (const Bytes& service : services) c12::put_service(service, payload);
    EXPECT_TRUE(c12::seal(header, payload, keys_, apdu).ok());
    return apdu;
  }
  static Bytes service(const c12::Request& request) {
    Bytes out;
    c12::encode(request, out);
    return out;
  }

  // The services and what proves them.
  static std::string services(const std::string& tree) {
    return kept(tree, {"EPSEM: ", "Offset: ", "Count: ", "Size: ", "Table Data", "key-id", "iv-el",
                       "User", "seconds", "Crypto good", "C12.22 data", "Timeout"});
  }

  c12::Keys keys_;
  std::uint8_t invocation_ = 0;
  const std::string options_ =
      "-o c1222.baseoid:2.16.124.113620.1.22.0 "
      "-o 'uat:c1222_decryption_table:\"02\",01020304050607080102030405060708'";
};

TEST_F(DissectionC1222, EveryRequestInTheClear) {
  using namespace c12;
  std::array<std::uint8_t, 10> user{};
  std::copy_n("AMITY     ", 10, user.begin());
  std::array<std::uint8_t, 20> password{};
  std::copy_n("PASSWORD            ", 20, password.begin());
  const Bytes data = *from_hex("010203F0");
  std::vector<Bytes> datagrams;
  for (const Request& request : std::initializer_list<Request>{
           Identify{}, Logon{2, user, 60}, Security{password, 2}, Read{23, {}, false},
           Read{64, Read::Offset{0x010203, 300}, false}, Write{7, {}, {}, false, data},
           Write{2049, 16, {}, false, data}, Negotiate{1'024, 3, {}}, Wait{30},
           TimingSetup{60, 2, 4, 3}, Logoff{}, Terminate{}, Disconnect{}})
    datagrams.push_back(message({service(request)}, SecurityMode::kCleartext));
  EXPECT_EQ(services(dissect(datagrams, kC1222Port, options_, "ANSI C12.22")), R"(--
C12.22 EPSEM: Identify
--
C12.22 EPSEM: Logon (id 2, user "AMITY     ")
C12.22 Logon User-Id: 2
C12.22 Logon User: AMITY
--
C12.22 EPSEM: Security (password "PASSWORD            ", id 2)
C12.22 Logon User-Id: 2
--
C12.22 EPSEM: Full Read (ST-23)
--
C12.22 EPSEM: Partial Read Offset (ST-64)
C12.22 Offset: 0x010203
C12.22 Count: 300
--
C12.22 EPSEM: Full Write (ST-7, SF-513)
C12.22 Table Size: 0x0004
C12.22 Table Data: f0
C12.22 Table Data Checksum: 0x0a [correct]
[C12.22 Table Data Checksum Status: Good]
--
C12.22 EPSEM: Partial Write Offset (MT-1)
C12.22 Offset: 0x000010
C12.22 Table Size: 0x0004
C12.22 Table Data: 010203f0
C12.22 Table Data Checksum: 0x0a [correct]
[C12.22 Table Data Checksum Status: Good]
--
C12.22 EPSEM: Negotiate (pkt size 1024, num pkts 3, with 0 baud rates)
C12.22 Negotiate Packet Size: 1024
--
C12.22 EPSEM: Wait (30 seconds)
--
C12.22 EPSEM: Timing Setup (traffic to 60 s, inter-char to 2 s, response to 4 s, 3 retries)
C12.22 Timing Setup Channel Traffic Timeout: 60
C12.22 Timing Setup Intercharacter Timeout: 2
C12.22 Timing Setup Response Timeout: 4
--
C12.22 EPSEM: Logoff
--
C12.22 EPSEM: Terminate
--
C12.22 EPSEM: Disconnect
)");
}

TEST_F(DissectionC1222, AuthenticatedAndEncrypted) {
  using namespace c12;
  const Bytes read = service(Read{23, {}, false});
  const Bytes part = service(Read{64, Read::Offset{0, 1'200}, false});
  Bytes answer;
  encode_table_data(*from_hex("00104D414E55464143545552455220534E20"), answer);
  EXPECT_EQ(services(dissect({message({read}, SecurityMode::kAuthenticated),
                              message({read, part}, SecurityMode::kEncrypted),
                              message({answer}, SecurityMode::kEncrypted)},
                             kC1222Port, options_, "ANSI C12.22")),
            R"(--
key-id-element: 02
iv-element: 69000001
C12.22 EPSEM: Full Read (ST-23)
[Crypto good: True]
--
key-id-element: 02
iv-element: 69000002
C12.22 EPSEM: Full Read (ST-23)
C12.22 EPSEM: Partial Read Offset (ST-64)
C12.22 Offset: 0x000000
C12.22 Count: 1200
[Crypto good: True]
--
key-id-element: 02
iv-element: 69000003
C12.22 EPSEM: OK
C12.22 data: 001200104d414e55464143545552455220534e2082
[Crypto good: True]
)");
}

// What tshark 4.0 knows by name alone.
TEST_F(DissectionC1222, ServicesOfTheNetwork) {
  using namespace c12;
  Register reg;
  reg.node_type = 4;
  reg.connection_type = 0x80;
  reg.device_class = {1, 2, 3, 4};
  reg.title = *ap_title_from(".123.8437");
  reg.serial_number = *ap_title_from(".7");
  const Bytes native = *from_hex("7F000001");
  reg.native_address = native;
  reg.period_minutes = 1'440;
  std::vector<Bytes> datagrams;
  for (const Request& request : std::initializer_list<Request>{
           reg, Resolve{*ap_title_from(".123.9")}, Trace{*ap_title_from(".123.9")},
           Deregister{*ap_title_from(".123.8437")}})
    datagrams.push_back(message({service(request)}, SecurityMode::kCleartext));
  EXPECT_EQ(services(dissect(datagrams, kC1222Port, options_, "ANSI C12.22")), R"(--
C12.22 EPSEM: Unknown (0x27)
C12.22 data: 04800102030480037bc175800107047f0000010005a0
--
C12.22 EPSEM: Unknown (0x25)
C12.22 data: 80027b09
--
C12.22 EPSEM: Unknown (0x26)
C12.22 data: 80027b09
--
C12.22 EPSEM: Unknown (0x24)
C12.22 data: 80037bc175
)");
}

// ---- SML ----------------------------------------------------------------------------------------

class DissectionSml : public Dissection {
 protected:
  static std::string tree(const std::vector<sml::Body>& bodies) {
    Bytes payload, frame;
    std::uint8_t group = 0;
    for (const sml::Body& body : bodies)
      sml::encode_message({{kTransaction, group++, 0, 0}, body, sml::Crc::kX25, 0, 0}, payload);
    sml::encode_frame(payload, sml::Crc::kX25, frame);
    const std::string shown = dissect(
        {frame}, kSmlPort, "-o sml.crc:TRUE -d udp.port==" + std::to_string(kSmlPort) + ",sml",
        "Smart Message Language");
    return kept(shown, {"body: ", " ID: ", "objName: ", "Status: ", "unit: ", "scaler: ", "value: ",
                        "Time: ", "Time type: ", "Name: ", "CRC16: ", "path_Entry: ", "regPeriod: ",
                        "attentionNo: ", "withRawdata: ", "Padding: ", "error"});
  }
  static sml::Value number(std::int64_t value, std::uint8_t width, bool is_signed) {
    return {
        is_signed ? sml::Value::Kind::kSigned : sml::Value::Kind::kUnsigned, width, value, {}, {}};
  }

  static inline const Bytes kTransaction = *from_hex("00682ABB"), kFile = *from_hex("00682ABC"),
                            kServer = *from_hex("0A0149534B0004325EC5"),
                            kClient = *from_hex("010203040506"), kList = *from_hex("0100620AFFFF"),
                            kOwner = *from_hex("49534B");
  static constexpr sml::Time kSeconds{sml::Time::Kind::kSecIndex, 6'825'875, 0, 0, false};
};

TEST_F(DissectionSml, AListOfValues) {
  sml::ListResponse list;
  list.server_id = kServer;
  list.list_name = kList;
  list.time = kSeconds;
  sml::ListEntry owner, energy, power;
  owner.name = {1, 0, 96, 50, 1, 1};
  owner.value = {sml::Value::Kind::kOctets, 0, 0, kOwner, {}};
  energy.name = {1, 0, 1, 8, 0, 255};
  energy.status = 0x1C0104;
  energy.status_width = 4;
  energy.unit = 30;
  energy.scaler = -1;
  energy.value = number(19'892'730, 8, false);
  power.name = {1, 0, 16, 7, 0, 255};
  power.unit = 27;
  power.scaler = 0;
  power.value = number(-1'234, 4, true);
  list.entries = {owner, energy, power};
  EXPECT_EQ(
      tree({sml::OpenResponse{{}, {}, kFile, kServer, kSeconds, 1}, list, sml::CloseResponse{}}),
      R"(--
Transaction ID: 00682abb
Messagebody: PublicOpen.Res (0x0101)
reqFile ID: 00682abc
server ID: 0a0149534b0004325ec5
Time type: secIndex (0x01)
refTime: 0x00682793
CRC16: 0x6e9d [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: GetList.Res (0x0701)
server ID: 0a0149534b0004325ec5
List Name: 0100620affff
Time type: secIndex (0x01)
actSensorTime: 0x00682793
objName: 010060320101
valTime: NOT SET
value: 49534b
objName: 0100010800ff
Status: 0x00000000001c0104
valTime: NOT SET
unit: 0x1e
scaler: 0xff
value: 00000000012f89fa
objName: 0100100700ff
valTime: NOT SET
unit: 0x1b
scaler: 0x00
value: fffffb2e
actGatewayTime: NOT SET
CRC16: 0xfced [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: PublicClose.Res (0x0201)
CRC16: 0x1852 [correct]
[CRC16 Status: Good]
Padding: 000000
Padding: 03
CRC16: 0xb09c [correct]
[CRC16 Status: Good]
)");
}

TEST_F(DissectionSml, RequestsAndOtherAnswers) {
  sml::ListRequest list{kClient, kServer, {}, {}, kList};
  sml::ProfilePackRequest pack;
  pack.server_id = kServer;
  pack.with_raw_data = false;
  pack.begin = {sml::Time::Kind::kTimestamp, 1'795'132'800, 0, 0, false};
  pack.end = {sml::Time::Kind::kTimestamp, 1'795'219'200, 0, 0, false};
  const Bytes profile = *from_hex("8181C78611FF");
  pack.path = {profile};
  sml::ParameterRequest parameter;
  parameter.server_id = kServer;
  parameter.path = {profile};
  sml::ProfilePackResponse rows;
  rows.server_id = kServer;
  rows.time = kSeconds;
  rows.period_s = 900;
  rows.path = {profile};
  rows.columns = {{{1, 0, 1, 8, 0, 255}, 30, -1}};
  sml::ProfileRow row;
  row.time = kSeconds;
  row.status = 0x80;
  row.cells = {{number(4'242, 4, false), {}}};
  rows.rows = {row};
  sml::Attention attention;
  attention.server_id = kServer;
  const Bytes denied = *from_hex("8181C7C7FE01");
  attention.number = denied;
  EXPECT_EQ(tree({sml::OpenRequest{{}, kClient, kFile, {}, {}, {}, {}}, list, pack, parameter, rows,
                  attention, sml::CloseRequest{}}),
            R"(--
Transaction ID: 00682abb
Messagebody: PublicOpen.Req (0x0100)
Client ID: 010203040506
reqFile ID: 00682abc
CRC16: 0xa317 [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: GetList.Req (0x0700)
Client ID: 010203040506
server ID: 0a0149534b0004325ec5
List Name: 0100620affff
CRC16: 0x6e0a [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: GetProfilePack.Req (0x0300)
server ID: 0a0149534b0004325ec5
withRawdata: false (0x00)
Time type: timestamp (0x02)
beginTime: 0x6aff8d80
Time type: timestamp (0x02)
endTime: 0x6b00df00
path_Entry: 8181c78611ff
CRC16: 0x5b48 [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: GetProcParameter.Req (0x0500)
server ID: 0a0149534b0004325ec5
path_Entry: 8181c78611ff
CRC16: 0x3886 [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: GetProfilePack.Res (0x0301)
server ID: 0a0149534b0004325ec5
Time type: secIndex (0x01)
endTime: 0x00682793
regPeriod: 0x00000384
path_Entry: 8181c78611ff
objName: 0100010800ff
unit: 0x1e
scaler: 0xff
Time type: secIndex (0x01)
valTime: 0x00682793
Status: 0x0000000000000080
value: 00001092
CRC16: 0x24a5 [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: Attention.Res (0xff01)
server ID: 0a0149534b0004325ec5
attentionNo: unknown SML designator (0xfe01)
CRC16: 0xb355 [correct]
[CRC16 Status: Good]
Transaction ID: 00682abb
Messagebody: PublicClose.Req (0x0200)
CRC16: 0x7d6b [correct]
[CRC16 Status: Good]
Padding: 00
CRC16: 0x5174 [correct]
[CRC16 Status: Good]
)");
}

}  // namespace
}  // namespace amity
