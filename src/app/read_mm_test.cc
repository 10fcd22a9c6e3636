// `amity read mm+tcp://` against a virtual meter on a real socket.
#include "app/read_mm.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "app/exit_codes.h"
#include "app/read_command.h"
#include "runtime/authority_test_support.h"
#include "runtime/tls.h"
#include "session/mm/session.h"

namespace amity::app {
namespace {

// One client after another.
class VirtualMeter : public Stream::Handler {
 public:
  // Behind TLS where `tls` is given.
  explicit VirtualMeter(Bytes key, const runtime::TlsContext* tls = nullptr)
      : scheme_(tls != nullptr ? "mm+tls://" : "mm+tcp://"),
        meter_(*mm::address_from("112233445566"), dlms::Secret(key), 0, &contents) {
    contents.attributes[7] = {0x12, 0x34};
    contents.tables[5] = Bytes(300, 0xA5);
    if (tls != nullptr) tls_ = runtime::make_tls_network(reactor_.runtime(), *tls);
    std::promise<void> listening;
    thread_ = std::thread([this, &listening] {
      reactor_.runtime().timers.post([this, &listening] {
        Network& network = tls_ ? *tls_ : reactor_.runtime().network;
        listener_ = std::move(*network.listen({"127.0.0.1", 0}, [this](auto stream) {
          stream_ = std::move(stream);
          stream_->set_handler(this);
        }));
        listening.set_value();
      });
      reactor_.run();
    });
    listening.get_future().wait();
  }
  ~VirtualMeter() override {
    reactor_.runtime().timers.post([this] {
      stream_.reset();
      listener_.reset();
      reactor_.stop();
    });
    thread_.join();
  }
  std::string url(const std::string& options) const {
    return scheme_ + listener_->local().to_string() + "?meter=112233445566" + options;
  }
  mm::Contents contents;

 private:
  void on_open() override {}
  void on_bytes(ByteView bytes) override {
    meter_.on_bytes(bytes);
    Bytes out;
    while (meter_.poll_output(out)) stream_->send(out);
  }
  void on_closed(const Error&) override {}

  const std::string scheme_;
  mm::Meter meter_;
  runtime::Reactor reactor_;
  std::unique_ptr<Network> tls_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Stream> stream_;
  std::thread thread_;
};

std::string read(std::vector<std::string> arguments, int& code) {
  std::string name = "amity read";
  std::vector<char*> argv = {name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  code = read_command(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  return testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
}

TEST(ReadMetersAndMore, AVirtualMeterSaysItsAttributesAndTables) {
  VirtualMeter meter(Bytes(mm::kKeyBytes, 0x42));
  const std::string url = meter.url("&key=" + to_hex(Bytes(mm::kKeyBytes, 0x42)));
  int code = -1;
  const std::string json = read({"--json", url, "attribute:7"}, code);
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(json,
            "{\"protocol\":\"mm\",\"conformance\":\"own framing, not conformance-tested\","
            "\"meter\":\"112233445566\",\"service\":\"READ\",\"item\":7,\"authenticated\":true,"
            "\"data\":\"1234\"}\n");
  std::this_thread::sleep_for(
      std::chrono::milliseconds(1'100));  // numbers are of the clock's second
  const std::string text = read({url, "table:5", "attribute:8"}, code);
  EXPECT_EQ(code, kExitFailed) << "one item is not there";
  EXPECT_NE(text.find("READTAB          5  A5A5A5"), std::string::npos) << text;
  EXPECT_NE(text.find("own framing, not conformance-tested"), std::string::npos) << text;
  EXPECT_NE(text.find("item 8: refused: the meter refuses: there is no item 8"), std::string::npos)
      << text;
}

TEST(ReadMetersAndMore, OverTls) {
  runtime::testing::Authority authority("mm");
  const auto files = authority.issue("mm-meter");
  const auto tls = runtime::TlsContext::server(files.certificate, files.key);
  ASSERT_TRUE(tls.ok());
  VirtualMeter meter(Bytes(mm::kKeyBytes, 0x42), &*tls);
  const std::string url = meter.url("&key=" + to_hex(Bytes(mm::kKeyBytes, 0x42)) +
                                    "&tls-ca=" + authority.certificate + "&tls-name=");
  int code = -1;
  const std::string refused = read({url + "another", "attribute:7"}, code);
  EXPECT_EQ(code, kExitFailed);
  EXPECT_NE(refused.find("the certificate of another is refused: hostname mismatch"),
            std::string::npos)
      << refused;
  const std::string text = read({url + "mm-meter", "attribute:7"}, code);
  EXPECT_EQ(code, kExitDone);
  EXPECT_NE(text.find("1234"), std::string::npos) << text;
}

TEST(ReadMetersAndMore, WithoutTheKeyThereIsNoAnswer) {
  VirtualMeter meter(Bytes(mm::kKeyBytes, 0x42));
  int code = -1;
  const std::string text =
      read({"--timeout", "1", meter.url("&key=" + to_hex(Bytes(mm::kKeyBytes, 1)))}, code);
  EXPECT_EQ(code, kExitFailed);
  EXPECT_NE(text.find("timeout: no answer"), std::string::npos) << text;
  (void)read({"mm+tcp://127.0.0.1:1?meter=12"}, code);
  EXPECT_EQ(code, kExitBadInput);
}

}  // namespace
}  // namespace amity::app
