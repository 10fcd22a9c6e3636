// Modbus TCP, or RTU on a port of this machine or behind a gateway. Address:
//   modbus+tcp://HOST:PORT?unit=5&map=FILE[&framing=rtu]   rtu: a gateway passes RTU frames on
//   modbus+serial:///dev/ttyX?baud=9600&line=8N1&unit=5&map=FILE
// FILE names the meter model whose [[register]] tables say which registers hold what
// ("eastron-sdm630-modbus").
#pragma once

#include "headend/link_driver.h"
#include "session/modbus/client.h"
#include "wire/modbus/register_map.h"

namespace amity::headend {

// Null: no model of this file name.
const driver::MeterModel* register_model(const driver::ModelSet& models, std::string_view file);

// The client, with its answers as events.
class ModbusSession {
 public:
  explicit ModbusSession(modbus::ClientConfig config) : client_(config) {}
  Status submit(modbus::Request request, Instant now) {
    return client_.submit(std::move(request), now);
  }
  bool idle() const { return client_.idle(); }
  void on_bytes(ByteView bytes, Instant now) { client_.on_bytes(bytes, now); }
  void on_timer(Instant now) { client_.on_timer(now); }
  std::optional<Instant> next_timeout() const { return client_.next_timeout(); }
  bool poll_output(Bytes& out) { return client_.poll_output(out); }
  std::optional<modbus::Answer> poll_event() { return client_.poll_answer(); }

 private:
  modbus::Client client_;
};

class ModbusDriver final : public LinkDriver<ModbusSession> {
 public:
  ModbusDriver(DriverContext& context, Meter& meter) : LinkDriver(context, meter) {}

  Task<Status> open() override;
  Task<void> close() override;

 private:
  Task<Status> read_clock() override;  // all registers of the map; such a meter has no clock
  Task<Status> read_registers(Progress) override { co_return Status{}; }

  const driver::MeterModel* model_ = nullptr;
  modbus::RegisterMap map_;
};

}  // namespace amity::headend
