#include "store/sqlite_registry.h"

#include <iterator>

#include "store/limits.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_schema.h"

// Master data and durable values. Commands, users and the audit are in the files beside this one.
namespace amity::store {
namespace {

constexpr const char* kDeviceColumns =
    "SELECT id, serial, manufacturer, model, firmware, protocol, address, segment, state, service_point, interval_s, "
    "commissioned, commodity FROM device ORDER BY id";
constexpr const char* kDeviceById =
    "SELECT id, serial, manufacturer, model, firmware, protocol, address, segment, state, service_point, interval_s, "
    "commissioned, commodity FROM device WHERE id = ?";
constexpr const char* kDeviceBySerial =
    "SELECT id, serial, manufacturer, model, firmware, protocol, address, segment, state, service_point, interval_s, "
    "commissioned, commodity FROM device WHERE serial = ?";
constexpr const char* kRowById =
    "SELECT d.id, d.serial, d.manufacturer, d.model, d.firmware, d.protocol, d.address, d.segment, d.state, "
    "d.service_point, d.interval_s, d.commissioned, d.commodity, s.id, s.name, s.address, s.latitude, s.longitude, "
    "s.transformer, s.customer, c.name, t.name, f.name, f.id FROM device d "
    "LEFT JOIN service_point s ON s.id = d.service_point LEFT JOIN customer c ON c.id = s.customer "
    "LEFT JOIN transformer t ON t.id = s.transformer LEFT JOIN feeder f ON f.id = t.feeder WHERE d.id = ?";
constexpr const char* kInsertChannel =
    "INSERT INTO channel (id, device, kind, name, source, unit, exponent, interval_s, multiplier) "
    "VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";

Device get_device(Query& q) {
  Device d;
  d.id = get_id<DeviceId>(q);
  d.serial = q.text();
  d.manufacturer = q.text();
  d.model = q.text();
  d.firmware = q.text();
  d.protocol = q.text();
  d.address = q.text();
  d.segment = q.text();
  d.state = static_cast<DeviceState>(q.integer());
  d.service_point = get_id<ServicePointId>(q);
  d.interval_s = static_cast<std::uint32_t>(q.integer());
  d.commissioned = UtcSeconds(q.integer());
  d.commodity = static_cast<Commodity>(q.integer());
  return d;
}

ServicePoint get_service_point(Query& q) {
  ServicePoint s;
  s.id = get_id<ServicePointId>(q);
  s.name = q.text();
  s.address = q.text();
  s.latitude = q.real();
  s.longitude = q.real();
  s.transformer = get_id<TransformerId>(q);
  s.customer = get_id<CustomerId>(q);
  return s;
}

void bind_channel(Query& q, const Channel& c) {
  q.bind(c.id.value).bind(c.device.value).bind(static_cast<int>(c.kind)).bind(c.name).bind(c.source);
  q.bind(static_cast<int>(c.unit)).bind(c.exponent).bind(c.interval_s).bind(c.multiplier);
}

}  // namespace

Result<std::unique_ptr<SqliteRegistry>> SqliteRegistry::open(const std::string& path, const Options& options) {
  AMITY_TRY(auto db, Sqlite::open(path, options.create, options.read_only));
  std::unique_ptr<SqliteRegistry> registry(new SqliteRegistry(std::move(db)));
  AMITY_CHECK(registry->prepare(options));
  return registry;
}

Status SqliteRegistry::prepare(const Options& options) {
  if (!options.read_only) {
    AMITY_CHECK(db_->execute("PRAGMA journal_mode=WAL"));
    AMITY_CHECK(db_->execute(options.fsync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF"));
    AMITY_CHECK(db_->execute("PRAGMA cell_size_check=ON"));
    AMITY_CHECK(migrate());
  }
  AMITY_TRY(const std::int64_t written, version());
  keeps_ratios_ = written >= kRatiosSince;
  return index_devices({});
}

Result<std::int64_t> SqliteRegistry::version() {
  AMITY_TRY(Query q, db_->query("PRAGMA user_version"));
  AMITY_TRY(const bool there, q.step());
  return there ? q.integer() : 0;
}

Status SqliteRegistry::migrate() {
  AMITY_TRY(std::int64_t version, this->version());
  constexpr auto kNewest = static_cast<std::int64_t>(std::size(kRegistryMigrations));
  if (version > kNewest) return make_error(ErrorCode::kUnsupported, "the registry was written by a newer release");
  for (; version < kNewest; ++version) {
    AMITY_CHECK(db_->transaction([&]() -> Status {
      AMITY_CHECK(db_->execute(kRegistryMigrations[version]));
      return db_->execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
    }));
  }
  return {};
}

Status SqliteRegistry::insert_grid(const MasterData& data) {
  for (const Feeder& f : data.feeders) {
    AMITY_TRY(Query q, db_->query("INSERT INTO feeder VALUES (NULLIF(?, 0), ?)"));
    AMITY_CHECK(q.bind(f.id.value).bind(f.name).run());
  }
  for (const Transformer& t : data.transformers) {
    AMITY_TRY(Query q, db_->query("INSERT INTO transformer VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?)"));
    q.bind(t.id.value).bind(t.name).bind(t.feeder.value).bind(t.latitude).bind(t.longitude).bind(t.rating_va);
    AMITY_CHECK(q.run());
  }
  for (const Customer& c : data.customers) {
    AMITY_TRY(Query q, db_->query("INSERT INTO customer VALUES (NULLIF(?, 0), ?, ?)"));
    AMITY_CHECK(q.bind(c.id.value).bind(c.name).bind(c.customer_class).run());
  }
  for (const ServicePoint& s : data.service_points) {
    AMITY_TRY(Query q, db_->query("INSERT INTO service_point VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?, ?)"));
    q.bind(s.id.value).bind(s.name).bind(s.address).bind(s.latitude).bind(s.longitude);
    AMITY_CHECK(q.bind(s.transformer.value).bind(s.customer.value).run());
  }
  return {};
}

Status SqliteRegistry::insert_devices(const MasterData& data) {
  for (const Device& d : data.devices) {
    AMITY_TRY(Query q, db_->query("INSERT INTO device VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    q.bind(d.id.value).bind(d.serial).bind(d.manufacturer).bind(d.model).bind(d.firmware).bind(d.protocol);
    q.bind(d.address).bind(d.segment).bind(static_cast<int>(d.state)).bind(d.service_point.value).bind(d.interval_s);
    AMITY_CHECK(q.bind(d.commissioned.value).bind(static_cast<int>(d.commodity)).run());
    if (!d.service_point.valid()) continue;
    AMITY_TRY(Query hung, db_->query("INSERT INTO installation SELECT service_point, id, commissioned, NULL "
                                     "FROM device WHERE serial = ?"));
    AMITY_CHECK(hung.bind(d.serial).run());
  }
  for (const Channel& c : data.channels) {
    AMITY_TRY(Query q, db_->query(kInsertChannel));
    bind_channel(q, c);
    AMITY_CHECK(q.run());
  }
  return {};
}

Status SqliteRegistry::add(const MasterData& data) {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(db_->transaction([&]() -> Status {
    AMITY_CHECK(insert_grid(data));
    return insert_devices(data);
  }));
  if (data.devices.empty()) return {};
  std::vector<DeviceId> ids;
  for (const Device& d : data.devices) {
    if (!d.id.valid()) return index_devices({});
    ids.push_back(d.id);
  }
  return index_devices(ids);
}

Status SqliteRegistry::index_devices(const std::vector<DeviceId>& wanted) {
  std::vector<DeviceId> ids = wanted;
  if (ids.empty()) {
    AMITY_TRY(Query q, db_->query("SELECT id FROM device"));
    AMITY_TRY(ids, collect<DeviceId>(q, get_id<DeviceId>));
  }
  std::vector<DeviceSearch::Entry> entries;
  entries.reserve(ids.size());
  for (const DeviceId id : ids) {
    AMITY_TRY(Query q, db_->query(kRowById));
    AMITY_TRY(const bool there, q.bind(id.value).step());
    if (!there) continue;
    const Device d = get_device(q);
    const ServicePoint s = get_service_point(q);
    const std::string customer = q.text(), transformer = q.text(), feeder = q.text();
    entries.push_back({id, d.serial, d.serial + ' ' + s.name + ' ' + customer + ' ' + s.address + ' ' + d.model,
                       d.segment, s.transformer.value, static_cast<std::uint32_t>(q.integer())});
  }
  search_.put(std::move(entries));
  return {};
}

Status SqliteRegistry::update_device(const Device& d) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("UPDATE device SET serial = ?, manufacturer = ?, model = ?, firmware = ?, "
                                "protocol = ?, address = ?, segment = ?, state = ?, service_point = ?, interval_s = ?, "
                                "commissioned = ?, commodity = ? WHERE id = ? RETURNING id"));
  q.bind(d.serial).bind(d.manufacturer).bind(d.model).bind(d.firmware).bind(d.protocol).bind(d.address);
  q.bind(d.segment).bind(static_cast<int>(d.state)).bind(d.service_point.value).bind(d.interval_s);
  q.bind(d.commissioned.value).bind(static_cast<int>(d.commodity)).bind(d.id.value);
  AMITY_TRY(const bool there, q.step());
  if (!there) return make_error(ErrorCode::kNotFound, "no such device");
  AMITY_CHECK(q.run());
  return index_devices({d.id});
}

Result<std::vector<Device>> SqliteRegistry::devices() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query(kDeviceColumns));
  return collect<Device>(q, get_device);
}

Result<std::optional<Device>> SqliteRegistry::device(DeviceId id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query(kDeviceById));
  q.bind(id.value);
  return at_most_one<Device>(q, get_device);
}

Result<std::optional<Device>> SqliteRegistry::device_by_serial(const std::string& serial) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query(kDeviceBySerial));
  q.bind(serial);
  return at_most_one<Device>(q, get_device);
}

Result<std::optional<DeviceRow>> SqliteRegistry::row_of(DeviceId id) {
  AMITY_TRY(Query q, db_->query(kRowById));
  q.bind(id.value);
  return at_most_one<DeviceRow>(q, [](Query& row) {
    DeviceRow r;
    r.device = get_device(row);
    r.service_point = get_service_point(row);
    r.customer = row.text();
    r.transformer = row.text();
    r.feeder = row.text();
    return r;
  });
}

Result<std::optional<DeviceRow>> SqliteRegistry::device_row(DeviceId id) {
  const std::lock_guard lock(mutex_);
  return row_of(id);
}

Result<DevicePage> SqliteRegistry::find_devices(const DeviceQuery& query) {
  const std::lock_guard lock(mutex_);
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kDevicesPerPageMax);
  std::vector<DeviceId> ids = search_.find(query, limit + 1);
  DevicePage page;
  if (ids.size() > limit) {
    ids.pop_back();
    page.next = *search_.serial_of(ids.back());
  }
  for (const DeviceId id : ids) {
    AMITY_TRY(auto row, row_of(id));
    if (row) page.rows.push_back(std::move(*row));
  }
  return page;
}

Result<ChannelId> SqliteRegistry::add_channel(const Channel& channel) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query(kInsertChannel));
  bind_channel(q, channel);
  AMITY_TRY(const bool there, q.step());
  if (!there) return make_error(ErrorCode::kIo, "registry: no channel was inserted");
  const auto id = get_id<ChannelId>(q);
  AMITY_CHECK(q.run());
  return id;
}

Result<std::vector<ServicePoint>> SqliteRegistry::service_points() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM service_point ORDER BY id"));
  return collect<ServicePoint>(q, get_service_point);
}

Result<std::vector<Transformer>> SqliteRegistry::transformers() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM transformer ORDER BY id"));
  return collect<Transformer>(q, [](Query& row) {
    Transformer t;
    t.id = get_id<TransformerId>(row);
    t.name = row.text();
    t.feeder = get_id<FeederId>(row);
    t.latitude = row.real();
    t.longitude = row.real();
    t.rating_va = static_cast<std::uint32_t>(row.integer());
    return t;
  });
}

Result<std::vector<Feeder>> SqliteRegistry::feeders() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM feeder ORDER BY id"));
  return collect<Feeder>(q, [](Query& row) {
    const auto id = get_id<FeederId>(row);
    return Feeder{id, row.text()};
  });
}

Result<std::vector<Customer>> SqliteRegistry::customers() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM customer ORDER BY id"));
  return collect<Customer>(q, [](Query& row) {
    Customer c;
    c.id = get_id<CustomerId>(row);
    c.name = row.text();
    c.customer_class = row.text();
    return c;
  });
}

Result<std::vector<Installation>> SqliteRegistry::installations() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT service_point, device, from_s, COALESCE(to_s, 0) FROM installation "
                                "ORDER BY service_point, from_s, device"));
  return collect<Installation>(q, [](Query& row) {
    Installation i;
    i.service_point = get_id<ServicePointId>(row);
    i.device = get_id<DeviceId>(row);
    i.from = UtcSeconds(row.integer());
    if (const std::int64_t to = row.integer(); to != 0) i.to = UtcSeconds(to);
    return i;
  });
}

Status SqliteRegistry::exchange(const Installation& removed, const Installation& installed) {
  const std::lock_guard lock(mutex_);
  const UtcSeconds at = removed.to.value_or(installed.from);
  AMITY_CHECK(db_->transaction([&]() -> Status {
    if (removed.device.valid()) {
      AMITY_TRY(Query q, db_->query("UPDATE installation SET to_s = ? WHERE service_point = ? AND device = ? AND "
                                    "to_s IS NULL AND from_s < ? RETURNING device"));
      q.bind(at.value).bind(removed.service_point.value).bind(removed.device.value);
      AMITY_TRY(const bool there, q.bind(at.value).step());
      if (!there) return make_error(ErrorCode::kConflict, "that meter does not hang there");
      AMITY_CHECK(q.run());
    }
    AMITY_TRY(Query q, db_->query("UPDATE device SET state = ? WHERE id = ?"));
    AMITY_CHECK(q.bind(static_cast<int>(DeviceState::kRemoved)).bind(removed.device.value).run());
    {
      AMITY_TRY(Query gone, db_->query("DELETE FROM installation WHERE device = ? AND to_s IS NULL"));
      AMITY_CHECK(gone.bind(installed.device.value).run());
    }
    AMITY_TRY(Query come, db_->query("INSERT INTO installation VALUES (?, ?, ?, NULL)"));
    AMITY_CHECK(come.bind(installed.service_point.value).bind(installed.device.value).bind(installed.from.value).run());
    AMITY_TRY(Query moved, db_->query("UPDATE device SET service_point = ?, commissioned = ?, state = ? WHERE id = ?"));
    moved.bind(installed.service_point.value).bind(installed.from.value);
    return moved.bind(static_cast<int>(DeviceState::kActive)).bind(installed.device.value).run();
  }));
  return index_devices({removed.device, installed.device});
}

}  // namespace amity::store
