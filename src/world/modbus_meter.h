// A virtual electricity meter that speaks Modbus: the input registers of the meter model
// meters/eastron-sdm630-modbus.toml over a VirtualMeter, by Modbus TCP or as RTU frames behind a
// TCP gateway. Energies are 32-bit floats of kWh: right to the 24 bits of their mantissa.
#pragma once

#include <map>
#include <memory>

#include "driver/register_map.h"
#include "session/modbus/server.h"
#include "world/conversation.h"

namespace amity::world {

inline constexpr std::string_view kModbusModel = "eastron-sdm630-modbus";

// The registers of kModbusModel; the words point into a model that lives as long as the program.
const modbus::RegisterMap& modbus_registers();

class ModbusMeter final : public modbus::Registers {
 public:
  explicit ModbusMeter(VirtualMeter& meter) : meter_(meter) {}

  VirtualMeter& meter() { return meter_; }
  // What is read until the next call is of this moment: a number's registers belong together.
  void latch();

  std::optional<std::uint16_t> read(modbus::Function function, std::uint16_t address) override;
  modbus::Exception write(std::uint16_t, std::uint16_t) override {
    return modbus::Exception::kIllegalAddress;
  }

 private:
  Decimal value_of(std::string_view quantity) const;

  VirtualMeter& meter_;
  Totals totals_;  // as the registers show them
  Interval now_;
  std::map<std::uint16_t, std::uint16_t> image_;  // input registers
};

class ModbusConversation final : public Conversation {
 public:
  ModbusConversation(ModbusMeter& meter, modbus::Transport transport, std::uint8_t unit)
      : meter_(meter), server_(transport, unit, &meter) {}

  void on_bytes(ByteView bytes, Instant) override {
    meter_.latch();
    server_.on_bytes(bytes);
  }
  bool poll_output(Bytes& out) override { return server_.poll_output(out); }
  bool lost() override { return !meter_.meter().powered(); }

 private:
  ModbusMeter& meter_;
  modbus::Server server_;
};

}  // namespace amity::world
