#include "headend/c12_driver.h"
#include "headend/dlms_driver.h"
#include "headend/iec_driver.h"
#include "headend/mbus_driver.h"
#include "headend/modbus_driver.h"
#include "headend/stream_driver.h"

namespace amity::headend {

std::unique_ptr<Driver> make_driver(DriverContext& context, Meter& meter) {
  switch (meter.address.scheme) {
    case Scheme::kC1222:
      return std::make_unique<C12Driver>(context, meter);
    case Scheme::kMbus:
      return std::make_unique<MbusDriver>(context, meter);
    case Scheme::kIec62056:
      return std::make_unique<IecDriver>(context, meter);
    case Scheme::kModbus:
      return std::make_unique<ModbusDriver>(context, meter);
    case Scheme::kP1:
    case Scheme::kSml:
      return std::make_unique<StreamDriver>(context, meter);
    case Scheme::kDlms:
      break;
  }
  return std::make_unique<DlmsDriver>(context, meter);
}

}  // namespace amity::headend
