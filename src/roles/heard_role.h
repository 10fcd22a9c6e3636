// What meters, collectors and networks send by themselves, on a thread of its own: the listeners of
// headend/heard over real sockets.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/civil.h"
#include "driver/model_set.h"
#include "headend/heard/coap_listener.h"
#include "headend/heard/drop_folder.h"
#include "headend/heard/frame_listener.h"
#include "headend/heard/stg_reports.h"
#include "headend/heard/uplinks.h"
#include "headend/key_ring.h"
#include "runtime/mqtt.h"
#include "runtime/reactor.h"
#include "store/store.h"

namespace amity::roles {

struct HeardOptions {
  std::vector<Endpoint> frames_tcp, frames_udp;
  std::optional<Endpoint> coap;
  std::string stg_drop;      // folder for concentrators' report files; "": none
  heard::UplinkMap uplinks;  // what JSON messages of devices and network servers mean
  std::string mqtt_url;      // of the broker that brings them; "": none
};

class HeardRole {
 public:
  // `store`, `intake` and `keys` are not touched after stop().
  HeardRole(store::Store& store, intake::Intake& intake, headend::KeyRing& keys, TimeZone zone);
  ~HeardRole();

  // The error says which of the listeners cannot be opened.
  Status start(const HeardOptions& options);
  void stop();

  // A message that came by HTTP: of the mapping's source of that name, or a report of a
  // concentrator
  // ("stg"). Any thread; `done` runs once, on any thread, when it is durable or refused.
  void take_upload(std::string source, std::string body, std::function<void(Status)> done);
  void refresh(DeviceId device);                          // any thread
  std::map<std::string, heard::Counters> totals() const;  // any thread, at most a second old
  // Where frames are listened for, in the order of the options: TCP, then UDP. Once started.
  const std::vector<Endpoint>& frames() const { return frames_; }
  std::optional<Endpoint> coap() const { return coap_at_; }

 private:
  Status open(const HeardOptions& options);  // on the loop's thread
  void close();                              // likewise
  Status start_mqtt(const HeardOptions& options);
  void publish();

  store::Store& store_;
  intake::Intake& intake_;
  headend::KeyRing& keys_;
  TimeZone zone_;
  driver::ModelSet models_;
  runtime::Reactor reactor_;
  std::unique_ptr<headend::ReportIntake> reports_;
  std::unique_ptr<heard::Sink> sink_;
  std::unique_ptr<heard::FrameListener> listener_;
  std::unique_ptr<heard::CoapListener> coap_;
  std::unique_ptr<heard::StgReports> stg_;
  std::unique_ptr<heard::DropFolder> drop_;
  heard::UplinkMap map_;
  std::unique_ptr<heard::Uplinks> uplinks_;
  std::unique_ptr<runtime::MqttListener> mqtt_;
  std::vector<Endpoint> frames_;
  std::optional<Endpoint> coap_at_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::map<std::string, heard::Counters> totals_;  // guarded by mutex_
};

}  // namespace amity::roles
