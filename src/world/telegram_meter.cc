#include "world/telegram_meter.h"

#include <fmt/format.h>

#include "wire/p1/telegram.h"
#include "wire/sml/message.h"
#include "world/limits.h"

namespace amity::world {
namespace {

Bytes sml_server_id(const VirtualMeter& meter) {
  Bytes id = {0x09, 0x01};
  append(id, as_bytes(meter.model().flag));
  id.push_back(0);
  ByteWriter(id).u32(meter.index() + 1);
  return id;
}

struct Registers {
  std::int64_t import_wh = 0, export_wh = 0;
};

Registers registers_of(const VirtualMeter& meter) {
  const Totals offset = meter.register_offset(), totals = meter.totals_at(meter.true_time());
  return {offset.import_wh + totals.import_wh, offset.export_wh + totals.export_wh};
}

sml::ListEntry register_entry(const dlms::Obis& name, std::int64_t wh) {
  constexpr std::uint8_t kWattHour = 30;
  sml::ListEntry entry;
  entry.name = name;
  entry.unit = kWattHour;
  entry.scaler = 0;
  entry.value = {sml::Value::Kind::kUnsigned, 8, wh, {}, {}};
  return entry;
}

}  // namespace

std::string sml_serial(const VirtualMeter& meter) {
  return fmt::format("1{}00{:08}", meter.model().flag, meter.index() + 1);
}

Bytes sml_file(const VirtualMeter& meter) {
  const auto now = static_cast<std::uint32_t>(meter.meter_time().value);
  const Bytes server = sml_server_id(meter);
  Bytes file_id;
  ByteWriter(file_id).u32(now);
  sml::OpenResponse open;
  open.file_id = file_id;
  open.server_id = server;
  sml::ListResponse list;
  list.server_id = server;
  list.time = {sml::Time::Kind::kTimestamp, now, 0, 0, false};
  const Registers registers = registers_of(meter);
  list.entries = {register_entry({1, 0, 1, 8, 0, 255}, registers.import_wh),
                  register_entry({1, 0, 2, 8, 0, 255}, registers.export_wh)};
  Bytes payload, frame;
  std::uint8_t number = 0;
  for (const sml::Body& body :
       {sml::Body(open), sml::Body(list), sml::Body(sml::CloseResponse{})}) {
    Bytes transaction = file_id;
    transaction.push_back(number++);
    sml::Message message;
    message.head.transaction_id = transaction;
    message.body = body;
    sml::encode_message(message, payload);
  }
  sml::encode_frame(payload, sml::Crc::kX25, frame);
  return frame;
}

Bytes p1_telegram(const VirtualMeter& meter, const TimeZone& zone) {
  Bytes out;
  p1::TelegramWriter writer(fmt::format("{}5{}", meter.model().flag, "Porta P1"), out);
  writer.line("1-3:0.2.8(50)");
  const CivilTime c = zone.local(meter.meter_time());
  writer.line(fmt::format("0-0:1.0.0({:02}{:02}{:02}{:02}{:02}{:02}{})", c.year % 100, c.month,
                          c.day, c.hour, c.minute, c.second, c.daylight_saving ? 'S' : 'W'));
  writer.text("0-0:96.1.1", meter.serial());
  const Registers registers = registers_of(meter);
  writer.number("1-0:1.8.0", {registers.import_wh, -3}, 6, "kWh");
  writer.number("1-0:2.8.0", {registers.export_wh, -3}, 6, "kWh");
  writer.finish();
  return out;
}

TelegramConversation::TelegramConversation(TelegramKind kind, const VirtualMeter& meter,
                                           const TimeZone& zone, Instant now)
    : kind_(kind), meter_(meter), zone_(zone), due_(now + kTelegramFirst) {}

void TelegramConversation::on_timer(Instant now) {
  if (now < due_) return;
  waiting_ = true;
  due_ = now + kTelegramEvery;
}

bool TelegramConversation::poll_output(Bytes& out) {
  if (!std::exchange(waiting_, false)) return false;
  out = kind_ == TelegramKind::kSml ? sml_file(meter_) : p1_telegram(meter_, zone_);
  return true;
}

}  // namespace amity::world
