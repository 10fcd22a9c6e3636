// A meter whose certificate is refused, in virtual time: it is tried on like a path that fails, it
// is told once, and it is not locked out as for a wrong key.
#include "base/tls_path.h"
#include "headend/limits.h"
#include "headend/test_host.h"
#include "headend/test_meter.h"

namespace amity::headend {
namespace {

using namespace std::chrono_literals;

// A connection whose handshake fails after a while.
class RefusedStream final : public Stream {
 public:
  RefusedStream(TestLoop& loop, Endpoint to, Handler* handler, const std::string& why)
      : loop_(loop), to_(std::move(to)) {
    timer_ = loop_.at(loop_.now() + loop_.delay, [handler, why] {
      handler->on_closed(make_error(ErrorCode::kSecurity, why));
    });
  }
  ~RefusedStream() override { loop_.cancel(timer_); }
  void set_handler(Handler*) override {}
  void send(Bytes) override {}
  std::size_t queued_bytes() const override { return 0; }
  void close() override { loop_.cancel(timer_); }
  Endpoint local() const override { return {}; }
  Endpoint peer() const override { return to_; }

 private:
  TestLoop& loop_;
  Endpoint to_;
  TimerId timer_;
};

// TLS as far as it is agreed on or not; what follows goes as it is.
class TestTls final : public Network, public TlsNetwork {
 public:
  explicit TestTls(TestLoop& loop) : loop_(loop) {}
  std::string refusal, unreadable_file;  // "": none

  Result<std::unique_ptr<Stream>> connect_tls(const Endpoint& to, const TlsPath&, Duration timeout,
                                              Stream::Handler* handler) override {
    if (!unreadable_file.empty()) return make_error(ErrorCode::kSecurity, unreadable_file);
    if (refusal.empty()) return loop_.connect(to, timeout, handler);
    return Result<std::unique_ptr<Stream>>(
        std::make_unique<RefusedStream>(loop_, to, handler, refusal));
  }
  std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout,
                                  Stream::Handler* handler) override {
    return loop_.connect(to, timeout, handler);
  }
  Result<std::unique_ptr<Listener>> listen(
      const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) override {
    return loop_.listen(at, std::move(on_accept));
  }
  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint& at, std::function<void(const Endpoint&, ByteView)> on_datagram) override {
    return loop_.open_datagram(at, std::move(on_datagram));
  }

 private:
  TestLoop& loop_;
};

const std::string kRefusal =
    "TLS handshake: the certificate of meter-1 is refused: unable to get local issuer certificate";

struct UntrustedPath : ReportHeadEndTest {
  TestTls tls{loop};

  void start() {
    config.read.interval_s = 86'400;  // what comes sooner is tried again
    headend = std::make_unique<HeadEnd>(Runtime{loop, loop, loop, tls}, registry, readings, events,
                                        intake, *ring, config,
                                        [this](Fact f) { facts.push_back(std::move(f)); });
    ASSERT_TRUE(headend->start().ok());
  }
  std::vector<ContactMade> made() const {
    std::vector<ContactMade> out;
    for (const Fact& f : facts) {
      if (const auto* c = std::get_if<ContactMade>(&f)) out.push_back(*c);
    }
    return out;
  }
  // Tried on for hours, less and less, told once.
  void expect_tried_on(const std::string& why) {
    loop.run_for(5h);
    const auto tried = made();
    ASSERT_GT(tried.size(), kSecurityFailuresMax + 2);
    EXPECT_LT(tried.size(), 25u) << "and no storm";
    for (const ContactMade& contact : tried) {
      EXPECT_FALSE(contact.ok);
      EXPECT_NE(contact.error.find(why), std::string::npos) << contact.error;
    }
    EXPECT_LE(tried.back().at - tried[tried.size() - 2].at, kBackoffMax_s + 60);
    EXPECT_EQ(headend->stats().locked_out, 0u);
    EXPECT_EQ(headend->stats().security_failures, 0u);
    EXPECT_EQ(events.count("locked out"), 0u);
    EXPECT_EQ(events.count("TLS failed: " + why), 1u);
  }
};

TEST_F(UntrustedPath, OfAnyProtocolIsTriedOnAndToldOnce) {
  for (const char* scheme : {"mbus+tls", "iec62056+tls", "sml+tls", "p1+tls"}) {
    SCOPED_TRACE(scheme);
    facts.clear();
    events.kept.clear();
    add(1, "11111111", "", std::string(scheme) + "://10.0.2.1:10001?primary=5");
    tls.refusal = kRefusal;
    start();
    expect_tried_on(kRefusal);
    headend.reset();
  }
}

TEST_F(UntrustedPath, AnAuthorityThatCannotBeReadIsOneToo) {
  for (const char* scheme : {"mbus+tls", "dlms+tls"}) {
    SCOPED_TRACE(scheme);
    facts.clear();
    events.kept.clear();
    add(1, "11111111", "", std::string(scheme) + "://10.0.2.1:10001?primary=5");
    if (scheme[0] == 'd')
      registry.device_map[1].address = "dlms+tls://10.0.2.1:4059?client=16&server=1";
    tls.unreadable_file = "certificates to trust /data/tls/ca.pem: No such file or directory";
    start();
    expect_tried_on(tls.unreadable_file);
    headend.reset();
  }
}

TEST_F(UntrustedPath, IsReadWithinTheHourOnceItsCertificateIsRenewed) {
  TestMeter meter(loop, Endpoint{"10.0.0.1", 4059}, DeviceKeys());
  meter.fill(loop.utc() - 86'400, loop.utc());
  add(1, "M1", "dlms", "dlms+tls://10.0.0.1:4059?client=16&server=1").manufacturer = "AMT";
  tls.refusal = kRefusal;
  start();
  expect_tried_on(kRefusal);
  EXPECT_EQ(meter.associations, 0);
  tls.refusal.clear();
  loop.run_for(1h + 2min);
  EXPECT_TRUE(made().back().ok) << made().back().error;
  EXPECT_EQ(intake.applied.corrected, 0u);
  EXPECT_GT(intake.applied.added, 60u);
  // It expires again: that is told anew.
  tls.refusal = kRefusal;
  loop.run_for(24h);
  EXPECT_FALSE(made().back().ok);
  EXPECT_EQ(events.count("TLS failed: "), 2u);
}

}  // namespace
}  // namespace amity::headend
