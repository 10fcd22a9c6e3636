// The meter's side of Modbus, for virtual sub-meters and tests.
#pragma once

#include "base/stream_buffer.h"
#include "session/modbus/limits.h"
#include "wire/modbus/frame.h"

namespace amity::modbus {

class Registers {
 public:
  virtual ~Registers() = default;
  // nullopt: no such register.
  virtual std::optional<std::uint16_t> read(Function function, std::uint16_t address) = 0;
  virtual Exception write(std::uint16_t address, std::uint16_t value) = 0;
};

class Server {
 public:
  // `registers` must outlive the server. Unit 0 of TCP and the own unit are answered; RTU
  // broadcasts are obeyed silently.
  Server(Transport transport, std::uint8_t unit, Registers* registers)
      : transport_(transport), unit_(unit), registers_(registers) {}
  void on_bytes(ByteView bytes);
  bool poll_output(Bytes& out);

 private:
  Response answer(ByteView pdu);
  Transport transport_;
  std::uint8_t unit_;
  Registers* registers_;
  StreamBuffer stream_{kStreamBytesMax};
  Bytes output_;
};

}  // namespace amity::modbus
