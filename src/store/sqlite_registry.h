// The registry in SQLite: one connection behind a lock, write-ahead log, synchronous=FULL, schema with migrations.
#pragma once

#include <mutex>

#include "store/device_search.h"
#include "store/registry.h"
#include "store/sqlite.h"
#include "store/sqlite_billing.h"

namespace amity::store {

class SqliteRegistry : public Registry {
 public:
  struct Options {
    bool create = true;
    bool fsync = true;
    bool read_only = false;
  };
  // `path`, or ":memory:".
  static Result<std::unique_ptr<SqliteRegistry>> open(const std::string& path, const Options& options);

  Status add(const MasterData& data) override;
  Status update_device(const Device& device) override;
  Result<std::vector<Device>> devices() override;
  Result<std::optional<Device>> device(DeviceId id) override;
  Result<std::optional<Device>> device_by_serial(const std::string& serial) override;
  Result<DevicePage> find_devices(const DeviceQuery& query) override;
  Result<std::optional<DeviceRow>> device_row(DeviceId id) override;
  Result<std::vector<Channel>> channels() override;
  Result<std::vector<Channel>> channels_of(DeviceId device) override;
  Result<std::optional<Channel>> channel(ChannelId id) override;
  Result<ChannelId> add_channel(const Channel& channel) override;
  Result<std::vector<ServicePoint>> service_points() override;
  Result<std::vector<Transformer>> transformers() override;
  Result<std::vector<Feeder>> feeders() override;
  Result<std::vector<Customer>> customers() override;
  Result<std::vector<Installation>> installations() override;
  Status exchange(const Installation& removed, const Installation& installed) override;
  Result<std::vector<RatioChange>> ratio_changes(DeviceId device) override;
  Status add_ratio_change(const RatioChange& change) override;

  Status put_command(const Command& command) override;
  Result<std::optional<Command>> command(CommandId id) override;
  Result<std::vector<Command>> commands(DeviceId device_or_none, std::size_t limit) override;
  Result<CommandId> next_command_id() override;

  Status put_user(const User& user) override;
  Result<std::optional<User>> user(const std::string& name) override;
  Result<std::vector<User>> users() override;
  Status put_api_key(const ApiKey& key) override;
  Status remove_api_key(const std::string& id) override;
  Result<std::optional<ApiKey>> api_key(const std::string& id) override;
  Result<std::vector<ApiKey>> api_keys() override;
  Status put_session(const UserSession& session) override;
  Result<std::optional<UserSession>> session(ByteView token_hash) override;
  Status remove_session(ByteView token_hash) override;

  Status put_value(const std::string& name, ByteView value) override;
  Result<std::optional<Bytes>> value(const std::string& name) override;
  Status put_values(std::span<const std::pair<std::string, Bytes>> values) override;
  Status each_value(const std::string& prefix,
                    const std::function<void(const std::string& name, ByteView value)>& visit) override;

  Status append_audit(UtcSeconds at, const std::string& who, const std::string& what) override;
  Result<std::vector<AuditLine>> audit(std::uint64_t before, std::size_t limit) override;
  Status verify() override;

  Billing& billing() { return billing_; }

  // A consistent copy while others write.
  Status backup(const std::string& path);
  // After a restore: what must never repeat skips ahead.
  Status mark_restored(UtcSeconds at);

 private:
  explicit SqliteRegistry(std::unique_ptr<Sqlite> db) : db_(std::move(db)), billing_(*db_, mutex_) {}
  Status skip_statement_numbers();
  Status prepare(const Options& options);
  Status migrate();
  Result<std::int64_t> version();
  // Of one meter, or of all.
  Result<std::vector<Channel>> with_steps(std::vector<Channel> channels, DeviceId of);
  Status insert_grid(const MasterData& data);
  Status insert_devices(const MasterData& data);
  Status index_devices(const std::vector<DeviceId>& ids);  // none: all
  Result<std::optional<DeviceRow>> row_of(DeviceId id);
  Result<std::optional<Bytes>> value_of(const std::string& name);
  Status put_value_now(const std::string& name, ByteView value);

  std::mutex mutex_;
  std::unique_ptr<Sqlite> db_;
  SqliteBilling billing_;
  DeviceSearch search_;
  bool keeps_ratios_ = true;  // false: an older release's, opened to be read only
  std::uint64_t next_command_ = 0, reserved_commands_ = 0;
};

}  // namespace amity::store
