// The walk of a reading over TLS: the head-end's schedule reads meters that prove a certificate,
// through the platform into the store; those whose certificate is of another authority than their
// address trusts are not read, and say why.
#include <algorithm>

#include "app/fleet_file.h"
#include "app/loopback_fleet.h"
#include "app/test_end_to_end.h"
#include "headend/event_codes.h"
#include "runtime/authority_test_support.h"

namespace amity::app {
namespace {

using runtime::testing::Authority;

struct ScheduledOverTls : ::testing::Test {
  Authority makers{"makers"}, others{"others"};
  Authority::Files certificate = makers.issue("meters.example");
  Scratch data;
  std::unique_ptr<LoopbackFleet> meters;
  std::unique_ptr<roles::Platform> platform;
  std::vector<DeviceId> trusted, untrusted;  // of each protocol one at least

  void SetUp() override {
    start_meters();
    start_platform();
  }
  void TearDown() override { platform.reset(); }
  void start_meters() {
    const auto tls = runtime::TlsContext::server(certificate.certificate, certificate.key);
    ASSERT_TRUE(tls.ok()) << to_string(tls.error());
    const auto mix = world::DeviceMix::parse("dlms=1,iec62056=1");
    auto started = LoopbackFleet::start(8, 1, false, *mix, &*tls);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    meters = std::move(*started);
  }
  // Of each two meters of a protocol the address of one trusts the makers, of the other somebody
  // else.
  FleetFile fleet() {
    FleetFile file;
    file.master = meters->fleet().master_data();
    file.keys = keys_of(meters->fleet());
    std::map<std::string, unsigned> seen;
    for (Device& device : file.master.devices) {
      const std::size_t scheme = device.address.find("+tcp");
      if (scheme == device.address.npos) continue;
      const bool trusts = seen[device.protocol]++ % 2 == 0;
      device.address.replace(scheme, 4, "+tls");
      device.address += (device.address.find('?') == device.address.npos ? '?' : '&') +
                        std::string("tls-name=meters.example&tls-ca=") +
                        (trusts ? "makers.pem" : "others.pem");
      (trusts ? trusted : untrusted).push_back(device.id);
    }
    EXPECT_GE(seen.size(), 2u);
    for (const auto& [protocol, count] : seen) EXPECT_GE(count, 2u) << protocol;
    return file;
  }
  void start_platform() {
    auto options = options_in(data.path());
    std::filesystem::create_directories(data.path() + "/tls");
    std::filesystem::copy_file(makers.certificate, data.path() + "/tls/makers.pem");
    std::filesystem::copy_file(others.certificate, data.path() + "/tls/others.pem");
    auto opened = roles::Platform::open(std::move(options));
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    platform = std::move(*opened);
    const Status imported = import_fleet(fleet(), platform->store().registry(), platform->keys());
    ASSERT_TRUE(imported.ok()) << to_string(imported.error());
    const Status served = platform->start();
    ASSERT_TRUE(served.ok()) << to_string(served.error());
  }
  std::size_t stored(DeviceId device) {
    std::size_t count = 0;
    const auto channels = platform->store().registry().channels_of(device).value();
    for (const Channel& channel : channels) {
      count += platform->store()
                   .readings()
                   .read(channel.id, UtcSeconds(0), UtcSeconds(1LL << 33))
                   .value()
                   .size();
    }
    return count;
  }
  // Of the newest failed contact in the journal; "": there is none.
  std::string last_error(DeviceId device) {
    std::string error;
    store::Journal& journal = platform->store().journal();
    for (store::Sequence after = journal.first().value() - 1;;) {
      const auto page = journal.read(after, 1'000).value();
      if (page.empty()) return error;
      for (const store::JournalEntry& entry : page) {
        const auto* const contact = std::get_if<ContactMade>(&entry.fact);
        if (contact != nullptr && contact->device == device && !contact->ok) error = contact->error;
      }
      after = page.back().sequence;
    }
  }
  std::vector<Event> events_of(DeviceId device) {
    return platform->store()
        .events()
        .of_device(device, UtcSeconds(0), UtcSeconds(1LL << 33), 1'000)
        .value();
  }
};

TEST_F(ScheduledOverTls, ReadsThoseWhoseCertificateIsTrustedAndSaysWhyNotTheOthers) {
  ASSERT_GE(trusted.size(), 2u);
  ASSERT_GE(untrusted.size(), 2u);
  for (const DeviceId device : trusted)
    EXPECT_TRUE(wait_until(std::chrono::seconds(240), [&] { return stored(device) > 90; }))
        << device.value << ": " << stored(device) << " readings; " << last_error(device);
  const std::string why =
      "security: TLS handshake: the certificate of meters.example is refused: unable to get local "
      "issuer certificate";
  for (const DeviceId device : untrusted) {
    EXPECT_TRUE(wait_until(std::chrono::seconds(240), [&] { return !events_of(device).empty(); }));
    EXPECT_EQ(last_error(device), why) << device.value;
    EXPECT_EQ(stored(device), 0u) << device.value;
    const auto events = events_of(device);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].code, static_cast<std::uint32_t>(headend::HeadEndEvent::kTlsFailed));
    EXPECT_EQ(events[0].source, "headend");
  }
  EXPECT_EQ(platform->headend_totals().locked_out, 0u);
}

}  // namespace
}  // namespace amity::app
