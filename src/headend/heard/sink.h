// Where everything goes that meters, collectors and networks send by themselves: a frame is opened
// with its meter's key, its meter is found in the registry, what it says becomes readings and
// events of that device, once, and is handed to the intake. One thread: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/runtime.h"
#include "base/task.h"
#include "headend/event_codes.h"
#include "headend/heard/repeat_filter.h"
#include "headend/key_ring.h"
#include "headend/report_intake.h"
#include "intake/intake.h"
#include "wire/decode/frame_stream.h"
#include "wire/mbus/decoder.h"
#include "wire/mbus/records.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"

namespace amity::heard {

// What one source has brought since the start.
struct Counters {
  std::uint64_t frames = 0;           // whole ones
  std::uint64_t undecodable = 0;      // of those, broken ones
  std::uint64_t unknown_meters = 0;   // frames of meters that are not registered
  std::uint64_t failed_security = 0;  // wrong MAC, no key, unprotected, replayed
  std::uint64_t duplicates = 0;
  std::uint64_t readings = 0, events = 0;  // kept
  std::uint64_t not_kept = 0;              // the intake refused them: overloaded, disk full
  std::uint64_t cut_off = 0;               // connections: slow or nonsense
};

struct SinkContext {
  Runtime runtime;
  store::Registry& registry;
  headend::KeyRing& keys;
  headend::ReportIntake& reports;
  intake::Intake& intake;
  std::function<void(Fact)> emit;
};

// How a report is to be taken.
struct Delivery {
  std::string source;  // whose counters: "frames", "coap", "stg", "mqtt", ...
  bool batch = false;  // a file of stored values: all of them count, whenever they come
  bool once = false;   // the same values again within kRepeatWindow_s are a repetition
  headend::TakeOptions options;
};

class Sink {
 public:
  // Runs once, on the loop, when what was sent is durable or of no use (unknown meter, duplicate):
  // then it may be acknowledged. kBusy and kIo: it is to be sent again. Other errors: it never will
  // be taken. Not run when the sink ends before.
  using Done = std::function<void(Status)>;

  explicit Sink(SinkContext context);
  ~Sink();

  void take_frame(const decode::StreamFrame& frame, const std::string& source, Done done = {});
  // From whoever has decoded it; `report.meter` says whose it is.
  void take_report(const wire::Report& report, const Delivery& delivery, Done done = {});
  // The same, of a device that is known.
  void take_report(DeviceId device, const wire::Report& report, const Delivery& delivery,
                   Done done = {});
  void take_events(std::vector<Event> events, const std::string& source, Done done = {});

  Counters& counters(const std::string& source);
  const std::map<std::string, Counters>& all_counters() const { return counters_; }
  SinkContext& context() { return c_; }

 private:
  struct Opened {
    std::optional<DeviceId> device;
    Status status;  // not ok: why nothing may be taken
  };
  // Decodes the frame into `report_`, with the meter's key where one is needed.
  Opened open(const decode::StreamFrame& frame);
  Opened open_mbus(const decode::StreamFrame& frame);
  Opened open_p1(const decode::StreamFrame& frame);
  Opened open_dlms(const decode::StreamFrame& frame);
  std::optional<DeviceId> find(const wire::Report& report);
  Bytes key_of(DeviceId device);
  // A message counter must rise; the same one again is the same telegram.
  enum class Order : std::uint8_t { kNew, kSame, kReplayed };
  Order order_of(DeviceId device, std::uint64_t counter);
  void refused(DeviceId device, headend::HeadEndEvent event, const std::string& why);
  Task<void> deliver(ReadingsArrived readings, EventsArrived events, std::string source,
                     DeviceId device, bool counted, Done done);
  void finish(const Done& done, Status status);

  SinkContext c_;
  RepeatFilter repeats_;
  mbus::Decoder mbus_;
  sml::Decoder sml_;
  p1::Decoder p1_;  // of plain telegrams
  const mbus::KeyStore no_keys_;
  wire::Report report_;
  std::map<std::string, Counters> counters_;
  std::map<DeviceId, std::set<std::uint32_t>> refused_;  // told once, until all is well
  bool counter_used_ = false;  // of the frame in hand: its mark must be durable before its values
  TaskScope deliveries_;
};

}  // namespace amity::heard
