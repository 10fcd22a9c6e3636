// ANSI C12.22 over TCP: the tables of C12.19, driven by ST0. Address:
//   c1222+tcp://HOST:PORT?called=APTITLE&calling=APTITLE&user-id=2&user=NAME&password=..
//     &security=none|auth|enc&key=HEX&key-id=0
//     &connect=m4:01&disconnect=m4:00&supply=2050/0/0   (c12_switch.h)
// Keys of the key ring stand above those of the URL: encryption key, password; what its policy
// demands is the least that is accepted.
#pragma once

#include "headend/c12_switch.h"
#include "headend/link_driver.h"
#include "headend/supply_switch.h"
#include "session/c12/client.h"
#include "wire/c12/meter_tables.h"

namespace amity::headend {

// `keys` null: the URL alone says.
Result<c12::ClientConfig> c12_config(const Address& address, const DeviceKeys* keys,
                                     c12::Keys& known);

class C12Driver final : public LinkDriver<c12::Client>, private SupplySwitch {
 public:
  C12Driver(DriverContext& context, Meter& meter) : LinkDriver(context, meter) {}

  Task<Status> open() override;
  Task<void> close() override;

 private:
  // What ST61 and ST63 say of the first set of load profile data, and how long its blocks are.
  struct Profile {
    std::uint32_t blocks = 0, intervals = 0, period_s = 0, block_bytes = 0;
    std::uint32_t valid = 0, newest = 0;
    bool descending = false;
    std::uint32_t element(std::uint32_t back) const {  // of the block so many before the newest
      return (descending ? newest + back : newest + blocks - back % blocks) % blocks;
    }
  };
  struct Block {
    std::uint32_t element;
    UtcSeconds end;
  };

  Task<Status> reserve_ivs(std::uint32_t& first);
  // kNotFound: the meter refuses this table.
  Task<Result<Bytes>> table(std::uint16_t number);
  Task<Result<Bytes>> part(std::uint16_t number, std::uint32_t offset, std::uint32_t count);
  Result<Bytes> bytes_of(Result<c12::ClientEvent> event);
  bool used(std::uint16_t table) const;
  // Those of the tables that the meter has, into `report`.
  Task<Status> read_tables(std::span<const std::uint16_t> tables, wire::Report& report);
  Task<Status> identify();

  Task<Status> read_clock() override;
  Task<Status> read_registers(Progress progress) override;
  Task<Status> read_profile(Progress progress) override;
  Task<Status> read_events() override;
  bool has_profile() const override { return true; }
  bool sets_clock() const override { return true; }
  Task<Status> write_clock() override;
  Task<CommandOutcome> run_switch(bool connect, bool sent_before) override;

  Task<Result<std::optional<bool>>> supply() override;
  Task<Result<std::string>> send_switch(bool connect) override;
  Task<Status> open_again() override;
  // Through ST7 and ST8; "" or why the meter refuses.
  Task<Result<std::string>> procedure_answer();

  Task<Result<Profile>> profile();
  Status learn_status(ByteView st63, Profile& profile) const;
  Task<Result<UtcSeconds>> block_end(const Profile& profile, std::uint32_t element,
                                     std::optional<UtcSeconds> newer);
  Task<Result<std::vector<Block>>> blocks_since(const Profile& profile, UtcSeconds after);
  Task<Status> read_block(Profile& profile, const Block& block, TimeRange range);

  static wire::Report blank();
  TimeZone clock_zone() const { return utc_clock_ ? TimeZone::utc() : zone(); }

  c12::Keys keys_;
  c12::MeterTables tables_;
  Bytes used_tables_;  // STD_TBLS_USED
  wire::MeterIdentity identity_;
  wire::MeterTime shown_;  // ST52, for reports of tables without a time
  std::optional<C12Switch> switch_;
  bool utc_clock_ = false;  // the meter says that its clock shows UTC
};

}  // namespace amity::headend
