// What may be written to a virtual meter and what it can be told to do.
#pragma once

#include "wire/dlms/data.h"
#include "world/virtual_meter.h"

namespace amity::world {

class MeterSettings {
 public:
  explicit MeterSettings(VirtualMeter& meter) : m_(meter) {}

  dlms::DataAccessResult set(const ObjectSpec& spec, std::int8_t attribute, ByteView data);
  dlms::ActionResult action(const ObjectSpec& spec, std::int8_t method, const std::optional<ByteView>& parameters,
                            Bytes& out);

 private:
  dlms::DataAccessResult set_clock(dlms::DataView value);
  dlms::DataAccessResult set_limiter(std::int8_t attribute, dlms::DataView value);
  dlms::DataAccessResult keep(const ObjectSpec& spec, std::int8_t attribute, ByteView data);
  bool move_clock(UtcSeconds to);

  dlms::ActionResult clock_method(std::int8_t method, dlms::DataView value);
  dlms::ActionResult image_method(std::int8_t method, dlms::DataView value);
  dlms::ActionResult begin_image(dlms::DataView value);
  dlms::ActionResult image_block(dlms::DataView value);
  dlms::ActionResult activate_calendar();
  dlms::ActionResult security_method(std::int8_t method, dlms::DataView value);
  dlms::ActionResult switch_relay(bool connect);

  VirtualMeter& m_;
};

}  // namespace amity::world
