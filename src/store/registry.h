// Master data and everything small that must survive: devices, channels, grid, customers, commands, users, keys,
// counters, settings. SQLite embedded, PostgreSQL clustered, one SQL dialect. May be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/billing.h"
#include "model/channel.h"
#include "model/command.h"
#include "model/device.h"

namespace amity::store {

// Everything that is known of a fleet, to be added in one transaction. Ids are given by the caller (dense, from 1)
// or 0.
struct MasterData {
  std::vector<Feeder> feeders;
  std::vector<Transformer> transformers;
  std::vector<Customer> customers;
  std::vector<ServicePoint> service_points;
  std::vector<Device> devices;
  std::vector<Channel> channels;
};

// A page of a listing, keyed by an opaque cursor of the registry's making.
struct DeviceQuery {
  std::string text;      // matches serial, service point, customer, street address (prefix of a word), model
  std::string segment;   // exact
  std::uint32_t transformer = 0, feeder = 0;
  std::string status;    // filled by the caller's own index; not looked at here
  std::string after;     // cursor of the last page, "" for the first
  std::size_t limit = 100;
};

struct DeviceRow {
  Device device;
  ServicePoint service_point;
  std::string customer;
  std::string transformer, feeder;
};

struct DevicePage {
  std::vector<DeviceRow> rows;
  std::string next;  // "" = no more
};

struct User {
  UserId id;
  std::string name;
  std::string password_hash;  // Argon2id, libsodium's string format
  std::string role;           // viewer, operator, engineer, admin
  bool enabled = true;
};

struct ApiKey {
  std::string id;    // public part
  Bytes secret_hash;  // SHA-256 of the secret part
  std::string name;
  std::string role;
  UtcSeconds created, expires;  // expires 0 = never
};

struct UserSession {
  Bytes token_hash;  // SHA-256 of the cookie's token
  UserId user;
  std::string csrf;
  UtcSeconds created, expires;
};

struct AuditLine {
  std::uint64_t number = 0;  // 1, 2, 3, ...
  UtcSeconds at;
  std::string who, what;
  Bytes digest;  // SHA-256 over the digest of the line before and this line
};

// When this data was last restored from a backup, UTC seconds as a big-endian u64 value, larger at each restore;
// absent = never. Whoever keeps counters that must never repeat (invocation counters) keeps the value it knows beside
// them and skips ahead when it has changed: what was used after the backup was taken is not known.
inline constexpr const char* kRestoredEpochName = "store/restored";

class Registry {
 public:
  virtual ~Registry() = default;

  virtual Status add(const MasterData& data) = 0;  // all or nothing
  virtual Status update_device(const Device& device) = 0;
  virtual Result<std::vector<Device>> devices() = 0;
  virtual Result<std::optional<Device>> device(DeviceId id) = 0;
  virtual Result<std::optional<Device>> device_by_serial(const std::string& serial) = 0;
  virtual Result<DevicePage> find_devices(const DeviceQuery& query) = 0;
  virtual Result<std::optional<DeviceRow>> device_row(DeviceId id) = 0;
  virtual Result<std::vector<Channel>> channels() = 0;
  virtual Result<std::vector<Channel>> channels_of(DeviceId device) = 0;
  virtual Result<std::optional<Channel>> channel(ChannelId id);
  virtual Result<ChannelId> add_channel(const Channel& channel) = 0;
  virtual Result<std::vector<ServicePoint>> service_points() = 0;
  virtual Result<std::vector<Transformer>> transformers() = 0;
  virtual Result<std::vector<Feeder>> feeders() = 0;
  virtual Result<std::vector<Customer>> customers() = 0;
  // Which meter hung where from when to when; a device that is added hangs at its service point from
  // when it was commissioned.
  virtual Result<std::vector<Installation>> installations() { return std::vector<Installation>(); }
  // A meter goes (its state becomes removed) and another, which is there already, comes in its place.
  virtual Status exchange(const Installation& removed, const Installation& installed) {
    (void)removed, (void)installed;
    return make_error(ErrorCode::kUnsupported, "this registry exchanges no meters");
  }

  // Changes of a meter's CT and VT ratios as they were told, oldest first. Its channels have them as `steps`.
  virtual Result<std::vector<RatioChange>> ratio_changes(DeviceId device) {
    (void)device;
    return std::vector<RatioChange>();
  }
  virtual Status add_ratio_change(const RatioChange& change) {  // its number is given here
    (void)change;
    return make_error(ErrorCode::kUnsupported, "this registry keeps one multiplier a channel");
  }

  virtual Status put_command(const Command& command) = 0;  // inserts or replaces
  virtual Result<std::optional<Command>> command(CommandId id) = 0;
  virtual Result<std::vector<Command>> commands(DeviceId device_or_none, std::size_t limit) = 0;  // newest first
  virtual Result<CommandId> next_command_id() = 0;  // never repeats, even after a crash

  virtual Status put_user(const User& user) = 0;
  virtual Result<std::optional<User>> user(const std::string& name) = 0;
  virtual Result<std::vector<User>> users() = 0;
  virtual Status put_api_key(const ApiKey& key) = 0;
  virtual Status remove_api_key(const std::string& id) = 0;
  virtual Result<std::optional<ApiKey>> api_key(const std::string& id) = 0;
  virtual Result<std::vector<ApiKey>> api_keys() = 0;
  virtual Status put_session(const UserSession& session) = 0;
  virtual Result<std::optional<UserSession>> session(ByteView token_hash) = 0;
  virtual Status remove_session(ByteView token_hash) = 0;

  // A durable byte value under a name: cursors, reserved counters, settings, sealed keys.
  virtual Status put_value(const std::string& name, ByteView value) = 0;
  virtual Result<std::optional<Bytes>> value(const std::string& name) = 0;
  virtual Status put_values(std::span<const std::pair<std::string, Bytes>> values) = 0;  // one transaction
  virtual Status each_value(const std::string& prefix,
                            const std::function<void(const std::string& name, ByteView value)>& visit) = 0;

  // The last line of a hash-chained audit log; each line's digest covers the digest of the one before.
  virtual Status append_audit(UtcSeconds at, const std::string& who, const std::string& what) = 0;
  // Newest first, of numbers below `before` (0: from the newest).
  virtual Result<std::vector<AuditLine>> audit(std::uint64_t before, std::size_t limit) {
    (void)before, (void)limit;
    return make_error(ErrorCode::kUnsupported, "this registry keeps no audit");
  }
  // The integrity of the whole registry and of the audit's chain; the error says what is damaged.
  virtual Status verify() { return make_error(ErrorCode::kUnsupported, "this registry cannot verify itself"); }
};

}  // namespace amity::store
