#include "runtime/mqtt.h"

#include <mosquitto.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace amity::runtime {
namespace {

constexpr int kKeepAlive_s = 30, kQualityOfService = 1, kTurn_ms = 200;
constexpr std::chrono::seconds kAskAgain{1}, kFirstPause{1}, kLongestPause{30};

struct Broker {
  std::string host, user, password;
  int port = 1883;
  bool tls = false;
};

Result<Broker> broker_from(std::string_view url) {
  Broker broker;
  broker.tls = url.starts_with("mqtts://");
  if (!broker.tls && !url.starts_with("mqtt://"))
    return make_error(ErrorCode::kInvalid, "a broker is mqtt://HOST:PORT or mqtts://HOST:PORT");
  std::string_view rest = url.substr(broker.tls ? 8 : 7);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    broker.user = std::string(who.substr(0, colon));
    if (colon != std::string_view::npos) broker.password = std::string(who.substr(colon + 1));
    rest.remove_prefix(at + 1);
  }
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  broker.port = broker.tls ? 8883 : 1883;
  if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto end = std::from_chars(port.data(), port.data() + port.size(), broker.port);
    if (end.ec != std::errc() || end.ptr != port.data() + port.size() || broker.port <= 0 ||
        broker.port > 65'535)
      return make_error(ErrorCode::kInvalid, "no port: " + std::string(port));
    rest = rest.substr(0, colon);
  }
  if (rest.empty()) return make_error(ErrorCode::kInvalid, "the broker's URL names no host");
  broker.host = std::string(rest);
  return broker;
}

Status checked(int code, const char* doing) {
  if (code == MOSQ_ERR_SUCCESS) return {};
  return make_error(ErrorCode::kIo, std::string(doing) + ": " + mosquitto_strerror(code));
}

}  // namespace

struct MqttListener::Impl {
  // Of the message in hand; outlives the client where its answer comes late.
  struct InHand {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Status> answer;
    bool stopping = false;
  };

  MqttOptions options;
  OnMessage on_message;
  OnState on_state;
  Broker broker;
  mosquitto* client = nullptr;
  bool up = false;  // the client's thread alone, like the reason last told
  std::string last_why;
  std::shared_ptr<InHand> in_hand = std::make_shared<InHand>();
  std::thread thread;

  ~Impl() {
    {
      const std::lock_guard lock(in_hand->mutex);
      in_hand->stopping = true;
    }
    in_hand->changed.notify_all();
    if (thread.joinable()) thread.join();
    if (client != nullptr) mosquitto_destroy(client);
  }

  // The library's own thread gives up for good where the first connection is refused, and cannot
  // be stopped while it waits to connect again: so the turns and the pauses are ours.
  void run() {
    std::chrono::seconds pause = kFirstPause;
    int code = mosquitto_connect_async(client, broker.host.c_str(), broker.port, kKeepAlive_s);
    while (!wait_or_stop(std::chrono::seconds(0))) {
      if (code == MOSQ_ERR_SUCCESS || code == MOSQ_ERR_CONN_PENDING) {
        code = mosquitto_loop(client, kTurn_ms, 1);
        if (up) pause = kFirstPause;
        continue;
      }
      lost(mosquitto_strerror(code));
      if (wait_or_stop(pause)) break;
      pause = std::min(2 * pause, kLongestPause);
      code = mosquitto_reconnect_async(client);
    }
    mosquitto_disconnect(client);
  }
  bool wait_or_stop(std::chrono::seconds time) {
    std::unique_lock lock(in_hand->mutex);
    return in_hand->changed.wait_for(lock, time, [&] { return in_hand->stopping; });
  }
  // The same reason is told once, not at every attempt.
  void lost(const std::string& why) {
    if (!up && why == last_why) return;
    up = false;
    last_why = why;
    on_state(false, why);
  }

  static void connected(mosquitto* client, void* self, int code) {
    Impl& impl = *static_cast<Impl*>(self);
    if (code != 0) return impl.lost(mosquitto_connack_string(code));
    for (const std::string& topic : impl.options.topics)
      mosquitto_subscribe(client, nullptr, topic.c_str(), kQualityOfService);
    impl.up = true;
    impl.last_why.clear();
    impl.on_state(true, "");
  }
  static void message(mosquitto*, void* self, const mosquitto_message* message) {
    Impl& impl = *static_cast<Impl*>(self);
    const auto* bytes = static_cast<const std::uint8_t*>(message->payload);
    const Bytes payload(bytes, bytes + message->payloadlen);
    while (!impl.take(message->topic, payload)) {
    }
  }
  // False: it is to be asked again.
  bool take(const std::string& topic, const Bytes& payload) {
    InHand& hand = *in_hand;
    {
      const std::lock_guard lock(hand.mutex);
      hand.answer.reset();
      if (hand.stopping) return true;
    }
    on_message(topic, payload, [shared = in_hand](Status status) {
      {
        const std::lock_guard lock(shared->mutex);
        shared->answer = std::move(status);
      }
      shared->changed.notify_all();
    });
    std::unique_lock lock(hand.mutex);
    hand.changed.wait(lock, [&] { return hand.stopping || hand.answer; });
    if (hand.stopping || hand.answer->ok()) return true;
    const ErrorCode code = hand.answer->error().code;
    if (code != ErrorCode::kBusy && code != ErrorCode::kIo) return true;
    return hand.changed.wait_for(lock, kAskAgain, [&] { return hand.stopping; });
  }
};

MqttListener::MqttListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MqttListener::~MqttListener() = default;

Result<std::unique_ptr<MqttListener>> MqttListener::start(const MqttOptions& options,
                                                          OnMessage on_message, OnState on_state) {
  AMITY_TRY(const Broker broker, broker_from(options.url));
  static std::once_flag once;
  std::call_once(once, [] { mosquitto_lib_init(); });
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->on_message = std::move(on_message);
  impl->on_state = std::move(on_state);
  impl->broker = broker;
  impl->client = mosquitto_new(options.client_id.c_str(), false, impl.get());
  mosquitto* const client = impl->client;
  if (client == nullptr) return make_error(ErrorCode::kIo, "no MQTT client could be made");
  mosquitto_connect_callback_set(client, Impl::connected);
  mosquitto_message_callback_set(client, Impl::message);
  if (!broker.user.empty())
    AMITY_CHECK(
        checked(mosquitto_username_pw_set(client, broker.user.c_str(), broker.password.c_str()),
                "the user"));
  if (broker.tls)
    AMITY_CHECK(checked(
        mosquitto_tls_set(client, nullptr, "/etc/ssl/certs", nullptr, nullptr, nullptr), "TLS"));
  // A broker that is not there yet is no error: the client's thread goes on trying.
  impl->thread = std::thread([impl = impl.get()] { impl->run(); });
  return std::unique_ptr<MqttListener>(new MqttListener(std::move(impl)));
}

}  // namespace amity::runtime
