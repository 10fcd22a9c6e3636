#include "headend/modbus_driver.h"

#include "driver/register_map.h"
#include "headend/limits.h"

namespace amity::headend {

const driver::MeterModel* register_model(const driver::ModelSet& models, std::string_view file) {
  const std::size_t slash = file.rfind('/');
  if (slash != file.npos) file.remove_prefix(slash + 1);
  for (const driver::MeterModel& model : models.models()) {
    if (!model.registers.empty() &&
        (model.file == file || model.file == std::string(file) + ".toml"))
      return &model;
  }
  return nullptr;
}

Task<Status> ModbusDriver::open() {
  const Address& address = meter_.address;
  const std::string file = address.option("map");
  model_ = c_.config.models ? register_model(*c_.config.models, file) : nullptr;
  if (model_ == nullptr)
    co_return make_error(ErrorCode::kNotFound,
                         "map=" + file + ": no meter model of this name has registers");
  AMITY_CO_TRY(map_, driver::register_map_of(*model_));
  AMITY_CO_TRY(const std::uint32_t unit, address.number_option("unit", 1, 255));
  modbus::ClientConfig config;
  const std::string framing = address.option("framing");
  if (!framing.empty() && framing != "rtu" && framing != "tcp")
    co_return make_error(ErrorCode::kInvalid, "framing=" + framing + " is neither rtu nor tcp");
  const bool rtu = address.serial || framing == "rtu";
  config.transport = rtu ? modbus::Transport::kRtu : modbus::Transport::kTcp;
  config.unit = static_cast<std::uint8_t>(unit);
  const std::int64_t given = address.bearer.line_answer_ms;
  config.answer_timeout = std::chrono::milliseconds(given != 0 ? given : kModbusAnswer_ms);
  ModbusSession session = ModbusSession(config);
  co_return co_await connect(std::move(session));
}

Task<void> ModbusDriver::close() {
  if (link_) link_->close(link_->session().idle());
  co_return;
}

Task<Status> ModbusDriver::read_clock() {
  modbus::RegisterImage image;
  const std::vector<modbus::Request> requests = modbus::plan_reads(map_);
  for (const modbus::Request& request : requests) {
    AMITY_CO_CHECK(link_->session().submit(request, link_->now()));
    AMITY_CO_TRY(const modbus::Answer answer, co_await link_->next());
    // What one model of a family does not have is left out; silence is an error.
    const bool refused =
        !answer.response.ok() && answer.response.error().code == ErrorCode::kRefused;
    if (!answer.response.ok() && !refused) co_return answer.response.error();
    if (!refused) image.put(request, answer.response->values);
  }
  wire::Report report;
  report.meter.manufacturer = model_->manufacturer;
  report.meter.model = model_->name;
  report.meter.medium = model_->medium;
  modbus::append_readings(map_, image, report);
  if (report.readings.empty())
    co_return make_error(ErrorCode::kRefused, "the meter has none of the registers of its map");
  co_return take(report, options());
}

}  // namespace amity::headend
