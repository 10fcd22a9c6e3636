// What is asked of a DLMS meter, in which order: associate, clock, registers, what is missing of the profiles, event
// logs; and the commands. Coroutines over a DeviceLink. A driver is one conversation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headend/driver.h"
#include "headend/supply_switch.h"
#include "wire/dlms/mbus_client.h"
#include "wire/dlms/push_setup.h"

namespace amity::headend {

class DlmsDriver final : public Driver, private SupplySwitch {
 public:
  // All outlive the driver.
  DlmsDriver(DriverContext& context, Meter& meter);

  // Connects, with the current keys or, during a rotation, the previous ones.
  Task<Status> open() override;
  Task<Status> read_scheduled(Progress progress) override;
  Task<CommandOutcome> run(const Command& command, bool sent_before, Progress progress) override;
  Task<void> close() override;
  void abort(Error why) override;

  bool connected() const override { return link_ && link_->connected(); }
  bool security_failure() const override { return security_failure_; }
  bool untrusted() const override { return link_ && link_->untrusted(); }
  std::optional<std::int32_t> clock_offset_s() const override { return clock_offset_s_; }
  std::vector<DeviceId> also_read() const override { return also_read_; }
  std::size_t readings_accepted() const { return readings_accepted_; }
  std::size_t registers_read() const { return registers_read_; }
  Traffic traffic() const override;  // of all associations of this conversation, failed ones too

 private:
  // A profile asked for in this conversation.
  struct Ask {
    enum class Kind : std::uint8_t { kLoad, kDaily, kLog } kind;
    std::size_t index;
    TimeRange range;
  };

  // association: dlms_association.cc
  Task<Status> associate(const DeviceKeys* keys, const KeySet* set, std::uint32_t generation);
  bool is_security(const Error& error) const;
  Task<Status> open_secured(DeviceKeys keys);
  Task<Result<std::uint32_t>> read_counter_publicly();
  dlms::ClientConfig client_config(const DeviceKeys* keys, const KeySet* set) const;
  Task<bool> adopt_counter(KeyName key, std::uint32_t expected);

  // reading: dlms_driver.cc
  Task<Status> learn_layout();
  Task<Status> read_clock_and_registers(bool registers);
  Status take_clock(ByteView encoded);
  void take_register(const RegisterObject& object, ByteView encoded);
  std::uint32_t rows_per_read() const;  // at least 1
  static std::size_t asks_of_request(const std::vector<Ask>& asks, std::size_t from);
  Task<Status> read_profiles(std::vector<Ask> asks, Progress progress);
  Task<Status> set_clock();
  bool quarantined() const;

  // profiles: dlms_profiles.cc
  std::vector<Ask> plan();
  void learn_progress(const std::vector<Profile>& profiles, std::vector<ProfileProgress>& progress);
  void plan_profiles(const std::vector<Profile>& profiles, std::vector<ProfileProgress>& progress, Ask::Kind kind,
                     std::vector<Ask>& out);
  const Profile& profile_of(const Ask& ask) const;
  // Takes a buffer's rows into the delivery and returns the newest row's time (0: none).
  Result<UtcSeconds> take_rows(const Ask& ask, ByteView encoded);
  void take_event(const Ask& ask, const ProfileRow& row);
  Result<ChannelId> channel_for(const Column& column, const Profile& profile);
  void mark_answered(const Ask& ask, UtcSeconds last);

  // M-Bus devices behind the meter: dlms_mbus.cc
  struct MbusAsk {
    const MbusLayout* layout;
    TimeRange range;
  };
  Task<Status> read_mbus();
  Status settle_mbus(const dlms::MbusSlave& slave);
  Task<Status> learn_mbus_values(const MbusLayout& layout);
  void plan_mbus(const MbusLayout& layout, std::vector<MbusAsk>& asks);
  Task<Status> read_mbus_profiles(std::vector<MbusAsk> asks);
  Task<Status> read_mbus_values(const MbusLayout& layout);
  Result<UtcSeconds> take_mbus_rows(const MbusAsk& ask, ByteView encoded);
  void take_mbus_value(const MbusBehind::Value& value, UtcSeconds time, std::int64_t number, Quality quality);

  // commands: dlms_commands.cc
  Task<CommandOutcome> run_ping();
  Task<CommandOutcome> run_read_now(Progress progress);
  Task<CommandOutcome> run_read_profile(std::string argument, Progress progress);
  Task<CommandOutcome> run_set_clock();
  Task<CommandOutcome> run_set_push(std::string argument);
  Task<Result<dlms::PushDestination>> read_push_destination(dlms::Obis name);
  Task<Result<std::optional<bool>>> supply() override;
  Task<Result<std::string>> send_switch(bool connect) override;
  Task<Status> open_again() override;

  // Journals what was gathered: counters first, then the readings. Acknowledged when this returns.
  Task<Status> deliver();
  Task<Status> report(HeadEndEvent event, std::string detail);

  DriverContext& c_;
  Meter& meter_;
  std::unique_ptr<DeviceLink> link_;
  ReadingsArrived readings_;
  EventsArrived events_;
  std::optional<std::int32_t> clock_offset_s_;
  UtcSeconds meter_now_;
  std::vector<DeviceId> also_read_;
  bool secured_ = false;
  bool security_failure_ = false;
  std::size_t readings_accepted_ = 0;
  std::size_t registers_read_ = 0;
  std::size_t rows_quarantined_ = 0;
  Traffic past_traffic_;
};

}  // namespace amity::headend
