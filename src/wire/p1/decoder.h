// From a P1 telegram to a report.
#pragma once

#include "wire/iec62056_21/data_set.h"
#include "wire/obis/quantity.h"
#include "wire/p1/line.h"
#include "wire/p1/telegram.h"
#include "wire/report/report.h"

namespace amity::p1 {

// Keeps its memory between telegrams: one per stream or worker.
class Decoder {
 public:
  // Keys for encrypted telegrams are tried in their order.
  explicit Decoder(std::vector<SmartyKey> keys = {}) : keys_(std::move(keys)) {}

  // A whole telegram, plain or encrypted; `report` is cleared first. Data sets that nothing is
  // known of are reported as unknown.
  Status decode(ByteView telegram, wire::Report& report);

 private:
  struct Device {
    unsigned type = 0;  // as M-Bus numbers media
    std::string id;
  };

  // What an address means. Telegrams of a meter name the same objects in the same order: what stood
  // at a place before need not be looked up again.
  struct Address {
    std::string text;
    std::optional<dlms::Obis> obis;
    obis::Quantity quantity;
    Line line;  // the last data set of this place
  };

  Address& look_up(std::string_view text, std::size_t place);
  Status decode_any(ByteView telegram, wire::Report& report);
  Status decode_plain(ByteView telegram, wire::Report& report);
  Status read_sets(const Telegram& telegram, wire::Report& report);
  void read(const Address& address, const iec62056_21::DataSet& set, wire::Report& report);
  bool read_device(const dlms::Obis& obis, const iec62056_21::DataSet& set, wire::Report& report);
  bool read_abstract(const dlms::Obis& obis, const iec62056_21::DataSet& set, wire::Report& report);
  void read_maxima(const iec62056_21::DataSet& set);
  wire::Reading& add_reading(const iec62056_21::DataSet& set, std::string_view quantity,
                             std::string_view kind, const iec62056_21::DataGroup& group,
                             std::uint8_t unit);
  void name_devices();

  std::vector<SmartyKey> keys_;
  iec62056_21::DataSet set_;
  Bytes plain_;
  std::array<Device, kDevicesMax> devices_;
  std::vector<Address> addresses_;
  ReadingSlots readings_;
  std::string_view number_;  // of the reading added last: where in the telegram it stands
};

}  // namespace amity::p1
