// Wired M-Bus (EN 13757-2, -3), by primary or secondary address, through a gateway or a port of
// this machine. Address:
//   mbus+tcp://HOST:PORT?primary=5 | secondary=IIIIIIIIMMMMVVTT [&key=HEX]
//   mbus+serial:///dev/ttyX?baud=2400&primary=5
// `secondary`: number, manufacturer code, version, type, all in hexadecimal; F is a wildcard.
#pragma once

#include "headend/link_driver.h"
#include "session/mbus/master.h"
#include "wire/mbus/decoder.h"

namespace amity::headend {

Result<mbus::Target> mbus_target(const Address& address);

class MbusDriver final : public LinkDriver<mbus::Master> {
 public:
  MbusDriver(DriverContext& context, Meter& meter) : LinkDriver(context, meter) {}

  Task<Status> open() override;
  Task<void> close() override;

 private:
  // All telegrams: an M-Bus meter has no smaller answer.
  Task<Status> read_clock() override;
  Task<Status> read_registers(Progress) override { co_return Status{}; }
  Status take_telegram(ByteView frame);

  mbus::Target target_;
  mbus::KeyStore keys_;
  mbus::Decoder decoder_;
  wire::Report report_;
};

}  // namespace amity::headend
