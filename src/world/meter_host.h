// Attaches virtual meters to streams: one meter to a connection, or all meters of a concentrator behind the
// gateway prefix
// (E6 towards a meter, E7 from it) on one connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/runtime.h"
#include "session/dlms/server.h"
#include "wire/dlms/wrapper.h"
#include "world/link_faults.h"
#include "world/virtual_meter.h"

namespace amity::world {

inline constexpr std::uint16_t kManagementClient = 1;  // HLS5-GMAC, everything authenticated and encrypted
inline constexpr std::uint16_t kPublicClient = 16;     // no security; identification and clock only
inline constexpr std::uint16_t kMeterSap = 1;

// The configuration of a meter's server as of now (keys change).
dlms::ServerConfig server_config(const VirtualMeter& meter, const std::optional<dlms::GatewayRoute>& gateway,
                                 dlms::Transport transport = dlms::Transport::kWrapperStream);

// One conversation with one meter. Not movable: the server refers to the configuration beside it.
class MeterSession {
 public:
  MeterSession(VirtualMeter& meter, std::optional<dlms::GatewayRoute> gateway, Random& random, Instant now,
               dlms::Transport transport = dlms::Transport::kWrapperStream);
  MeterSession(const MeterSession&) = delete;
  MeterSession& operator=(const MeterSession&) = delete;

  VirtualMeter& meter() { return meter_; }
  dlms::Server& server() { return server_; }
  // Notes security violations in the meter's log. True: the framing is lost, close the stream.
  bool settle();
  // The push setup's method was called: the last interval goes out over this very connection.
  void push_if_asked(Instant now);

 private:
  VirtualMeter& meter_;
  dlms::ServerConfig config_;
  dlms::Server server_;
};

struct HostStats {
  std::uint64_t connections = 0, requests = 0, bytes_in = 0, bytes_out = 0, stray_frames = 0;
};

// What a host needs from who made it.
struct HostContext {
  Runtime runtime;
  LinkQuality link;
  HostStats* stats = nullptr;
};

class Host : protected Stream::Handler {
 public:
  using OnDone = std::function<void(Host*)>;  // the connection is over: destroy the host, but not inside the call

  ~Host() override;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  // From outside: cuts the connection (a reboot, an outage). on_done follows.
  void cut();

 protected:
  Host(const HostContext& context, std::unique_ptr<Stream> stream, OnDone on_done);

  void flush(MeterSession& session);
  bool armed() const { return timer_ != 0; }
  void arm(std::optional<Instant> timeout);
  virtual void on_timer(Instant now) = 0;
  virtual std::optional<Instant> next_timeout() const = 0;
  void finish();

  HostContext context_;
  std::unique_ptr<Stream> stream_;
  FaultyLink link_;
  bool done_ = false;

 private:
  void on_open() override {}
  void on_closed(const Error& why) override;

  OnDone on_done_;
  TimerId timer_ = 0;
  Instant timer_at_;
};

class MeterHost final : public Host {
 public:
  MeterHost(const HostContext& context, VirtualMeter& meter, std::unique_ptr<Stream> stream, OnDone on_done,
            dlms::Transport transport = dlms::Transport::kWrapperStream);
  VirtualMeter& meter() { return session_.meter(); }

 private:
  void on_bytes(ByteView bytes) override;
  void on_timer(Instant now) override;
  std::optional<Instant> next_timeout() const override { return session_.server().next_timeout(); }

  mutable MeterSession session_;
};

class ConcentratorHost final : public Host {
 public:
  // The meter behind a physical device address, nullptr where there is none.
  using Find = std::function<VirtualMeter*(ByteView device_address)>;

  ConcentratorHost(const HostContext& context, Find find, std::unique_ptr<Stream> stream, OnDone on_done);

 private:
  void on_bytes(ByteView bytes) override;
  void on_timer(Instant now) override;
  std::optional<Instant> next_timeout() const override;
  void on_frame(const dlms::WrapperFrame& frame);

  Find find_;
  dlms::WrapperSplitter splitter_;
  std::unordered_map<std::string, std::unique_ptr<MeterSession>> sessions_;  // by device address
};

}  // namespace amity::world
