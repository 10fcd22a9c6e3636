// Opening, identity, clock and registers.
#include "headend/c12_driver.h"

#include <algorithm>

#include "headend/local_time.h"
#include "headend/waiting.h"
#include "wire/c12/names.h"

namespace amity::headend {

namespace {

constexpr std::uint16_t kConfiguration = 0, kManufacturer = 1, kIdentification = 5, kClock = 52;
// One conversation sends fewer messages. The iv counts them; it stays near UTC, as meters expect.
constexpr std::uint32_t kIvsPerConversation = 2'000;
// What a message has around the bytes of a table: titles, key and iv, MAC.
constexpr std::uint16_t kEnvelopeBytes = 96;
constexpr std::uint8_t kDaylightSaving = 1 << 3, kGmt = 1 << 4, kZoneApplied = 1 << 5,
                       kDstApplied = 1 << 6;

Result<c12::SecurityMode> security_from(const std::string& text) {
  if (text.empty() || text == "none") return c12::SecurityMode::kCleartext;
  if (text == "auth") return c12::SecurityMode::kAuthenticated;
  if (text == "enc") return c12::SecurityMode::kEncrypted;
  return make_error(ErrorCode::kInvalid, "security=" + text + " is none of none, auth, enc");
}

}  // namespace

Result<c12::ClientConfig> c12_config(const Address& address, const DeviceKeys* keys,
                                     c12::Keys& known) {
  c12::ClientConfig config;
  config.transport = c12::Transport::kNetwork;
  // A request is sent so often in the time that the bearer gives an answer.
  config.response_timeout =
      std::chrono::milliseconds(address.bearer.reply_timeout_ms / config.attempts);
  if (const std::uint16_t fits = address.bearer.pdu_bytes_max; fits > kEnvelopeBytes)
    config.part_bytes_max =
        std::min(config.part_bytes_max, static_cast<std::uint16_t>(fits - kEnvelopeBytes));
  AMITY_TRY(config.network.peer, c12::ap_title_from(address.option("called")));
  AMITY_TRY(config.network.own, c12::ap_title_from(address.option("calling")));
  AMITY_TRY(const std::uint32_t user, address.number_option("user-id", 0, 0xFFFF));
  config.user_id = static_cast<std::uint16_t>(user);
  config.user = address.option("user");
  AMITY_TRY(const std::uint32_t key_id, address.number_option("key-id", 0, 255));
  config.network.key_id = static_cast<std::uint8_t>(key_id);
  AMITY_TRY(config.network.security, security_from(address.option("security")));
  std::string password = address.option("password");
  AMITY_TRY(Bytes key, from_hex(address.option("key")));
  if (keys != nullptr) {
    if (!keys->current.encryption.empty()) key = keys->current.encryption;
    if (!keys->password.empty()) password.assign(keys->password.begin(), keys->password.end());
    const auto least = keys->policy.encrypt        ? c12::SecurityMode::kEncrypted
                       : keys->policy.authenticate ? c12::SecurityMode::kAuthenticated
                                                   : c12::SecurityMode::kCleartext;
    config.network.security = std::max(config.network.security, least);
  }
  config.password = c12::Secret(std::string_view(password));
  if (!key.empty()) AMITY_CHECK(known.add(config.network.key_id, key));
  if (config.network.security != c12::SecurityMode::kCleartext && key.empty())
    return make_error(ErrorCode::kSecurity, "messages are to be protected, and there is no key");
  config.network.keys = &known;
  return config;
}

// An iv that came before with the same key would show what was sent: each conversation has its own,
// durably reserved, not below UTC seconds.
Task<Status> C12Driver::reserve_ivs(std::uint32_t& first) {
  CounterBook& book = c_.keys.counters();
  const KeyName name{meter_.device.id, 1};
  const auto now = static_cast<std::uint32_t>(utc().value);
  if (book.next(name) < now) book.raise_own(name, now);
  Status durable = co_await on_loop<Status>(c_.runtime.timers, [&book, name](auto done) {
    book.reserve(name, kIvsPerConversation, std::move(done));
  });
  AMITY_CO_CHECK(durable);
  AMITY_CO_TRY(const dlms::InvocationCounter own, book.next_own(name));
  first = own.value;
  for (std::uint32_t i = 1; i < kIvsPerConversation; ++i) {
    AMITY_CO_CHECK(book.next_own(name));
  }
  co_return Status{};
}

Task<Status> C12Driver::open() {
  std::optional<DeviceKeys> keys;
  if (c_.keys.has(meter_.device.id)) {
    AMITY_CO_TRY(keys, c_.keys.keys(meter_.device.id));
  }
  AMITY_CO_TRY(c12::ClientConfig config,
               c12_config(meter_.address, keys ? &*keys : nullptr, keys_));
  if (config.network.security != c12::SecurityMode::kCleartext) {
    AMITY_CO_CHECK(co_await reserve_ivs(config.network.first_iv));
  }
  c12::Client session = c12::Client(std::move(config));
  AMITY_CO_CHECK(co_await connect(std::move(session)));
  AMITY_CO_CHECK(link_->session().connect(link_->now()));
  AMITY_CO_TRY(const c12::ClientEvent event, co_await link_->next());
  if (const auto* failed = std::get_if<c12::Failed>(&event)) co_return note(failed->error);
  Status known = co_await identify();
  const Status kept = co_await deliver();
  if (known.ok()) known = kept;
  if (!known.ok()) co_await close();
  co_return known;
}

Task<void> C12Driver::close() {
  if (!link_) co_return;
  bool clean = false;
  if (link_->up() && link_->session().release(link_->now()).ok()) {
    const auto event = co_await link_->next();
    clean = event.ok() && std::holds_alternative<c12::Released>(*event);
  }
  link_->close(clean);
}

wire::Report C12Driver::blank() {
  wire::Report report;
  report.protocol = "c1222";
  return report;
}

Result<Bytes> C12Driver::bytes_of(Result<c12::ClientEvent> event) {
  if (!event.ok()) return std::move(event).error();
  if (auto* read = std::get_if<c12::TableRead>(&*event)) return std::move(read->data);
  const auto* failed = std::get_if<c12::Failed>(&*event);
  if (failed == nullptr)
    return make_error(ErrorCode::kMalformed, "another answer than was asked for");
  Error error = failed->error;
  if (failed->refused && !failed->closed) error.code = ErrorCode::kNotFound;
  if (failed->closed) link_->close(false);
  return error;
}

Task<Result<Bytes>> C12Driver::table(std::uint16_t number) {
  AMITY_CO_CHECK(link_->session().read(number, link_->now()));
  auto event = co_await link_->next();
  co_return bytes_of(std::move(event));
}

Task<Result<Bytes>> C12Driver::part(std::uint16_t number, std::uint32_t offset,
                                    std::uint32_t count) {
  AMITY_CO_CHECK(link_->session().read_part(number, offset, count, link_->now()));
  auto event = co_await link_->next();
  co_return bytes_of(std::move(event));
}

bool C12Driver::used(std::uint16_t table) const {
  return table / 8u < used_tables_.size() && (used_tables_[table / 8u] >> table % 8 & 1) != 0;
}

Task<Status> C12Driver::read_tables(std::span<const std::uint16_t> tables, wire::Report& report) {
  const std::vector<std::uint16_t> wanted(tables.begin(), tables.end());
  for (const std::uint16_t number : wanted) {
    if (!used(number)) continue;
    auto bytes = co_await table(number);
    if (!bytes.ok() && bytes.error().code == ErrorCode::kNotFound) continue;
    if (!bytes.ok()) co_return std::move(bytes).error();
    tables_.add(number, *bytes, 0, true, report);
  }
  co_return Status{};
}

// Another meter at this address is refused before anything else is read.
Task<Status> C12Driver::identify() {
  wire::Report report = blank();
  AMITY_CO_TRY(const Bytes st0, co_await table(kConfiguration));
  tables_.add(kConfiguration, st0, 0, true, report);
  c12::TableContext context = tables_.context;
  c12::TableData data;
  AMITY_CO_CHECK(c12::decode_table(kConfiguration, st0, 0, true, context, data));
  for (const c12::Item& item : data.items) {
    if (item.field().name == std::string_view("STD_TBLS_USED"))
      used_tables_.assign(item.value.bytes.begin(), item.value.bytes.end());
  }
  report = blank();
  const std::uint16_t own[] = {kManufacturer};
  AMITY_CO_CHECK(co_await read_tables(own, report));
  const std::string& printed = meter_.device.serial;
  if (!printed.empty() && !same_number(printed, report.meter.id)) {
    // The utility's own number of the meter, where it has been given one.
    const std::uint16_t given[] = {kIdentification};
    wire::Report other = blank();
    AMITY_CO_CHECK(co_await read_tables(given, other));
    if (same_number(printed, other.meter.id)) report.meter.id = other.meter.id;
  }
  identity_ = report.meter;
  report.readings.clear();
  co_return take(report, options());
}

Task<Status> C12Driver::read_clock() {
  if (!used(kClock)) co_return Status{};
  wire::Report report = blank();
  AMITY_CO_TRY(const Bytes bytes, co_await table(kClock));
  tables_.add(kClock, bytes, 0, true, report);
  if (bytes.empty()) co_return make_error(ErrorCode::kTruncated, "ST52 is empty");
  const std::uint8_t qualifier = bytes.back();
  utc_clock_ = (qualifier & kGmt) != 0;
  report.time.daylight_saving = (qualifier & kDaylightSaving) != 0;
  if (utc_clock_) report.time.utc_offset_minutes = 0;
  shown_ = report.time;
  report.meter = identity_;
  co_return take(report, options());
}

Task<Status> C12Driver::read_registers(Progress) {
  static constexpr std::uint16_t kRegisters[] = {11, 12, 13, 15, 16, 21, 22, 23, 27, 28};
  wire::Report report = blank();
  AMITY_CO_CHECK(co_await read_tables(kRegisters, report));
  report.meter = identity_;
  report.time = shown_;
  co_return take(report, options());
}

Task<Status> C12Driver::read_events() {
  static constexpr std::uint16_t kLog[] = {71, 76};
  if (!used(76)) co_return Status{};
  wire::Report report = blank();
  AMITY_CO_CHECK(co_await read_tables(kLog, report));
  report.readings.clear();
  report.meter = identity_;
  if (utc_clock_) {
    for (wire::Event& event : report.events) event.time.utc_offset_minutes = 0;
  }
  co_return take(report, options());
}

// Standard procedure 10. The clock keeps what it shows: UTC or the wall clock of its zone.
Task<Status> C12Driver::write_clock() {
  const UtcSeconds now = utc();
  const wire::MeterTime time = meter_time(now, clock_zone());
  const UtcSeconds shown = now + std::int64_t{*time.utc_offset_minutes} * 60;
  const std::int64_t days = shown.value / 86'400;
  auto qualifier = static_cast<std::uint8_t>((days + 4) % 7);  // 1970 began on a Thursday
  if (time.daylight_saving) qualifier |= kDaylightSaving;
  qualifier =
      static_cast<std::uint8_t>(qualifier | (utc_clock_ ? kGmt : kZoneApplied | kDstApplied));
  AMITY_CO_CHECK(link_->session().set_clock(time, qualifier, link_->now()));
  AMITY_CO_TRY(const std::string refusal, co_await procedure_answer());
  if (refusal.empty()) co_return Status{};
  co_return make_error(ErrorCode::kRefused, "the meter did not take the time: " + refusal);
}

Task<Result<std::string>> C12Driver::procedure_answer() {
  AMITY_CO_TRY(const c12::ClientEvent event, co_await link_->next());
  if (const auto* failed = std::get_if<c12::Failed>(&event)) {
    if (failed->closed) link_->close(false);
    if (failed->refused && !failed->closed) co_return failed->error.reason;
    co_return note(failed->error);
  }
  const auto* done = std::get_if<c12::ProcedureDone>(&event);
  if (done == nullptr)
    co_return make_error(ErrorCode::kMalformed, "another answer than was asked for");
  if (done->result == 0) co_return std::string();
  const std::string_view name = c12::procedure_result_name(done->result);
  co_return name.empty() ? "procedure result " + std::to_string(done->result) : std::string(name);
}

Task<CommandOutcome> C12Driver::run_switch(bool connect, bool sent_before) {
  auto known = c12_switch(meter_.address);
  if (!known.ok()) co_return CommandOutcome{CommandState::kFailed, to_string(known.error())};
  if (!known->has_value()) {
    co_return CommandOutcome{
        CommandState::kFailed,
        "not implemented: no public text of C12.19 gives a procedure that switches the supply; "
        "where the maker's is known, the meter's address names it (connect=, disconnect=)"};
  }
  switch_ = std::move(*known);
  co_return co_await switch_supply(*this, c_.runtime, connect, sent_before);
}

Task<Result<std::optional<bool>>> C12Driver::supply() {
  if (!switch_->supply) co_return std::optional<bool>();
  const C12Switch::Shown at = *switch_->supply;
  AMITY_CO_TRY(const Bytes bytes, co_await table(at.table));
  if (at.byte >= bytes.size()) {
    co_return make_error(ErrorCode::kTruncated, "table " + std::to_string(at.table) +
                                                    " has no byte " + std::to_string(at.byte));
  }
  co_return std::optional<bool>((bytes[at.byte] >> at.bit & 1) != 0);
}

Task<Result<std::string>> C12Driver::send_switch(bool connect) {
  AMITY_CO_CHECK(
      link_->session().run(connect ? switch_->connect : switch_->disconnect, link_->now()));
  co_return co_await procedure_answer();
}

Task<Status> C12Driver::open_again() {
  if (connected()) co_return Status{};
  co_return co_await open();
}

}  // namespace amity::headend
