#include "store/sqlite_billing.h"

#include "store/codec_parts.h"
#include "store/kv.h"
#include "store/limits.h"
#include "store/sqlite_rows.h"

namespace amity::store {
namespace {

constexpr std::int64_t kNoDate = INT32_MIN;  // as a parameter; NULL in the table

BillingAccount get_account(Query& q) {
  BillingAccount a;
  a.id = get_id<AccountId>(q);
  a.name = q.text();
  a.service_point = get_id<ServicePointId>(q);
  a.customer = get_id<CustomerId>(q);
  a.tariff = q.text();
  a.cycle = static_cast<BillingCycle>(q.integer());
  a.bill_day = static_cast<int>(q.integer());
  a.opened = static_cast<std::int32_t>(q.integer());
  if (const std::int64_t closed = q.integer(); closed != kNoDate)
    a.closed = static_cast<std::int32_t>(closed);
  a.prepaid = q.integer() != 0;
  a.import_channel = q.text();
  a.export_channel = q.text();
  a.reactive_channel = q.text();
  return a;
}

StatementRecord get_statement(Query& q) {
  StatementRecord s;
  s.number = get_id<StatementNumber>(q);
  s.account = get_id<AccountId>(q);
  s.kind = static_cast<StatementKind>(q.integer());
  s.reverses = get_id<StatementNumber>(q);
  s.first_day = static_cast<std::int32_t>(q.integer());
  s.last_day = static_cast<std::int32_t>(q.integer());
  s.issued = UtcSeconds(q.integer());
  s.total = q.integer();
  s.currency = q.text();
  s.decimals = static_cast<int>(q.integer());
  s.cause = q.text();
  s.body = q.blob();
  return s;
}

PrepayBooking get_booking(Query& q) {
  PrepayBooking b;
  b.account = get_id<AccountId>(q);
  b.number = static_cast<std::uint32_t>(q.integer());
  b.kind = static_cast<PrepayKind>(q.integer());
  b.at = UtcSeconds(q.integer());
  b.from = UtcSeconds(q.integer());
  b.amount = q.integer();
  b.balance = q.integer();
  b.reference = q.text();
  return b;
}

constexpr const char* kAccounts =
    "SELECT id, name, service_point, customer, tariff, cycle, bill_day, opened, "
    "COALESCE(closed, -2147483648), prepaid, import, export, reactive FROM billing_account "
    "ORDER BY id";
constexpr const char* kAccountById =
    "SELECT id, name, service_point, customer, tariff, cycle, bill_day, opened, "
    "COALESCE(closed, -2147483648), prepaid, import, export, reactive FROM billing_account "
    "WHERE id = ?";
constexpr const char* kPutAccount =
    "INSERT INTO billing_account VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, NULLIF(?, -2147483648), "
    "?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
    "service_point = excluded.service_point, customer = excluded.customer, "
    "tariff = excluded.tariff, cycle = excluded.cycle, bill_day = excluded.bill_day, "
    "opened = excluded.opened, closed = excluded.closed, prepaid = excluded.prepaid, "
    "import = excluded.import, export = excluded.export, reactive = excluded.reactive "
    "RETURNING id";

// The reasons of a hold: varint count of texts, varint count of stretches (channel varint, from
// zigzag, length zigzag, text).
Bytes encode_why(const BillHold& hold) {
  Bytes out;
  put_varint(out, hold.reasons.size());
  for (const std::string& reason : hold.reasons) put_text(out, reason);
  put_varint(out, hold.stretches.size());
  for (const BillHold::Stretch& s : hold.stretches) {
    put_varint(out, s.channel.value);
    put_zigzag(out, s.from.value);
    put_zigzag(out, s.to - s.from);
    put_text(out, s.what);
  }
  return out;
}

Status decode_why(ByteView bytes, BillHold& hold) {
  ByteReader in(bytes);
  AMITY_TRY(const std::uint64_t reasons, get_varint(in));
  if (reasons > kHoldReasonsMax) return in.malformed("a hold has too many reasons");
  for (std::uint64_t i = 0; i < reasons; ++i) {
    AMITY_TRY(hold.reasons.emplace_back(), get_text(in));
  }
  AMITY_TRY(const std::uint64_t stretches, get_varint(in));
  if (stretches > kHoldStretchesMax) return in.malformed("a hold has too many stretches");
  for (std::uint64_t i = 0; i < stretches; ++i) {
    BillHold::Stretch s;
    AMITY_TRY(const std::uint32_t channel, get_u32(in));
    s.channel = ChannelId(channel);
    AMITY_TRY(s.from, get_time(in));
    AMITY_TRY(const std::int64_t length, get_zigzag(in));
    s.to = s.from + length;
    AMITY_TRY(s.what, get_text(in));
    hold.stretches.push_back(std::move(s));
  }
  return {};
}

}  // namespace

Result<AccountId> SqliteBilling::put_one(const BillingAccount& a) {
  AMITY_TRY(Query q, db_.query(kPutAccount));
  q.bind(a.id.value).bind(a.name).bind(a.service_point.value).bind(a.customer.value);
  q.bind(a.tariff).bind(static_cast<int>(a.cycle)).bind(a.bill_day).bind(a.opened);
  q.bind(a.closed ? std::int64_t{*a.closed} : kNoDate).bind(static_cast<int>(a.prepaid));
  q.bind(a.import_channel).bind(a.export_channel).bind(a.reactive_channel);
  AMITY_TRY(const bool there, q.step());
  if (!there) return make_error(ErrorCode::kIo, "billing: no account was written");
  const auto id = get_id<AccountId>(q);
  AMITY_CHECK(q.run());
  return id;
}

Result<AccountId> SqliteBilling::put_account(const BillingAccount& account) {
  const std::lock_guard lock(mutex_);
  auto put = put_one(account);
  if (!put.ok() && put.error().code == ErrorCode::kConflict)
    return make_error(ErrorCode::kConflict, "there is an account " + account.name + " already");
  return put;
}

Status SqliteBilling::add_accounts(std::span<const BillingAccount> accounts) {
  const std::lock_guard lock(mutex_);
  return db_.transaction([&]() -> Status {
    for (const BillingAccount& account : accounts) {
      AMITY_TRY([[maybe_unused]] const AccountId id, put_one(account));
    }
    return {};
  });
}

Result<std::vector<BillingAccount>> SqliteBilling::accounts() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query(kAccounts));
  return collect<BillingAccount>(q, get_account);
}

Result<std::optional<BillingAccount>> SqliteBilling::account(AccountId id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query(kAccountById));
  q.bind(id.value);
  return at_most_one<BillingAccount>(q, get_account);
}

Result<std::optional<StatementNumber>> SqliteBilling::current(AccountId account,
                                                              std::int32_t first_day) {
  AMITY_TRY(Query q,
            db_.query("SELECT number FROM bill_in_force WHERE account = ? AND first_day = ?"));
  q.bind(account.value).bind(first_day);
  return at_most_one<StatementNumber>(q, get_id<StatementNumber>);
}

Result<std::vector<StatementNumber>> SqliteBilling::append(const BillPosting& posting,
                                                           StatementNumber current) {
  std::vector<StatementNumber> numbers;
  std::uint64_t newest = 0;
  {
    AMITY_TRY(Query q, db_.query("SELECT COALESCE(MAX(number), 0) FROM statement"));
    AMITY_TRY(const bool there, q.step());
    if (there) newest = static_cast<std::uint64_t>(q.integer());
  }
  {
    AMITY_TRY(Query q, db_.query("SELECT value FROM value WHERE name = ?"));
    AMITY_TRY(const bool there, q.bind(std::string(kStatementsAboveName)).step());
    const Bytes above = there ? q.blob() : Bytes();
    if (above.size() == 8) newest = std::max(newest, key_u64(as_text(above), 0));
  }
  StatementNumber issued;
  std::int32_t last_day = 0;
  for (const StatementRecord& s : posting.statements) {
    const StatementNumber number(++newest);
    const bool reverses = s.kind == StatementKind::kReversal;
    AMITY_TRY(Query q, db_.query("INSERT INTO statement VALUES (?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?, "
                                 "?, ?, ?, ?)"));
    q.bind(number.value).bind(posting.account.value).bind(static_cast<int>(s.kind));
    q.bind(reverses ? current.value : 0).bind(s.first_day).bind(s.last_day).bind(s.issued.value);
    q.bind(s.total).bind(s.currency).bind(s.decimals).bind(s.cause);
    AMITY_CHECK(q.bind(ByteView(s.body)).run());
    numbers.push_back(number);
    if (!reverses) issued = number, last_day = s.last_day;
  }
  if (issued.valid()) {
    AMITY_TRY(Query q, db_.query("INSERT OR REPLACE INTO bill_in_force VALUES (?, ?, ?, ?)"));
    q.bind(posting.account.value).bind(posting.first_day).bind(last_day);
    AMITY_CHECK(q.bind(issued.value).run());
  } else if (!posting.statements.empty()) {
    AMITY_TRY(Query q, db_.query("DELETE FROM bill_in_force WHERE account = ? AND first_day = ?"));
    AMITY_CHECK(q.bind(posting.account.value).bind(posting.first_day).run());
  }
  return numbers;
}

Status SqliteBilling::keep_hold(const BillPosting& posting) {
  if (!posting.hold) {
    AMITY_TRY(Query q, db_.query("DELETE FROM bill_hold WHERE account = ? AND first_day = ?"));
    return q.bind(posting.account.value).bind(posting.first_day).run();
  }
  const BillHold& hold = *posting.hold;
  AMITY_TRY(Query q, db_.query("INSERT OR REPLACE INTO bill_hold VALUES (?, ?, ?, ?, ?, ?)"));
  q.bind(posting.account.value).bind(posting.first_day).bind(hold.last_day);
  q.bind(hold.since.value).bind(hold.tried.value);
  const Bytes why = encode_why(hold);
  return q.bind(ByteView(why)).run();
}

Result<std::vector<StatementNumber>> SqliteBilling::post(const BillPosting& posting) {
  const std::lock_guard lock(mutex_);
  std::vector<StatementNumber> numbers;
  AMITY_CHECK(db_.transaction([&]() -> Status {
    AMITY_TRY(const auto found, current(posting.account, posting.first_day));
    const StatementNumber known = found.value_or(StatementNumber());
    if (known != posting.expected)
      return make_error(ErrorCode::kConflict, "the period was billed meanwhile: statement " +
                                                  std::to_string(known.value));
    AMITY_TRY(numbers, append(posting, known));
    return keep_hold(posting);
  }));
  return numbers;
}

Result<std::optional<StatementRecord>> SqliteBilling::statement(StatementNumber number) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT * FROM statement WHERE number = ?"));
  q.bind(number.value);
  return at_most_one<StatementRecord>(q, get_statement);
}

Result<std::vector<StatementRecord>> SqliteBilling::statements(const StatementQuery& query) {
  const std::lock_guard lock(mutex_);
  const std::int64_t before =
      query.before.valid() ? static_cast<std::int64_t>(query.before.value) : INT64_MAX;
  const std::size_t limit = std::min(query.limit, kStatementsPerPageMax);
  if (query.account.valid()) {
    AMITY_TRY(Query q, db_.query("SELECT * FROM statement WHERE account = ? AND number < ? "
                                 "ORDER BY number DESC LIMIT ?"));
    q.bind(query.account.value).bind(before).bind(limit);
    return collect<StatementRecord>(q, get_statement);
  }
  AMITY_TRY(Query q,
            db_.query("SELECT * FROM statement WHERE number < ? ORDER BY number DESC LIMIT ?"));
  q.bind(before).bind(limit);
  return collect<StatementRecord>(q, get_statement);
}

Result<std::vector<InForce>> SqliteBilling::in_force() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT * FROM bill_in_force"));
  return collect<InForce>(q, [](Query& row) {
    InForce f;
    f.account = get_id<AccountId>(row);
    f.first_day = static_cast<std::int32_t>(row.integer());
    f.last_day = static_cast<std::int32_t>(row.integer());
    f.number = get_id<StatementNumber>(row);
    return f;
  });
}

Result<std::optional<StatementNumber>> SqliteBilling::in_force(AccountId account,
                                                               std::int32_t first_day) {
  const std::lock_guard lock(mutex_);
  return current(account, first_day);
}

Result<std::int64_t> SqliteBilling::billed(AccountId account) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT COALESCE(SUM(total), 0) FROM statement WHERE account = ?"));
  AMITY_TRY(const bool there, q.bind(account.value).step());
  return there ? q.integer() : 0;
}

Result<std::vector<BillHold>> SqliteBilling::holds() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT * FROM bill_hold ORDER BY last_day, account"));
  Status damaged;
  AMITY_TRY(auto holds, collect<BillHold>(q, [&damaged](Query& row) {
    BillHold h;
    h.account = get_id<AccountId>(row);
    h.first_day = static_cast<std::int32_t>(row.integer());
    h.last_day = static_cast<std::int32_t>(row.integer());
    h.since = UtcSeconds(row.integer());
    h.tried = UtcSeconds(row.integer());
    if (Status read = decode_why(row.blob(), h); !read.ok()) damaged = std::move(read);
    return h;
  }));
  AMITY_CHECK(std::move(damaged));
  return holds;
}

Status SqliteBilling::book(std::span<const PrepayBooking> bookings) {
  const std::lock_guard lock(mutex_);
  return db_.transaction([&]() -> Status {
    for (const PrepayBooking& b : bookings) {
      AMITY_TRY(Query q,
                db_.query("INSERT INTO prepay SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, NULLIF(?8, '') "
                          "WHERE ?2 = (SELECT COALESCE(MAX(number), 0) + 1 FROM prepay WHERE "
                          "account = ?1) RETURNING number"));
      q.bind(b.account.value).bind(b.number).bind(static_cast<int>(b.kind)).bind(b.at.value);
      q.bind(b.from.value).bind(b.amount).bind(b.balance);
      AMITY_TRY(const bool kept, q.bind(b.reference).step());
      if (!kept) return make_error(ErrorCode::kConflict, "the account was booked on meanwhile");
      AMITY_CHECK(q.run());
    }
    return {};
  });
}

Result<std::vector<PrepayBooking>> SqliteBilling::bookings(AccountId account) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT * FROM prepay WHERE account = ? ORDER BY number"));
  q.bind(account.value);
  return collect<PrepayBooking>(q, get_booking);
}

Status SqliteBilling::keep_tariff(const TariffText& tariff) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("INSERT OR IGNORE INTO tariff_text VALUES (?, ?, ?, ?)"));
  q.bind(ByteView(tariff.digest)).bind(tariff.name).bind(tariff.text);
  return q.bind(tariff.seen.value).run();
}

Result<std::optional<TariffText>> SqliteBilling::tariff(ByteView digest) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_.query("SELECT * FROM tariff_text WHERE digest = ?"));
  q.bind(digest);
  return at_most_one<TariffText>(q, [](Query& row) {
    TariffText t;
    t.digest = row.blob();
    t.name = row.text();
    t.text = row.text();
    t.seen = UtcSeconds(row.integer());
    return t;
  });
}

}  // namespace amity::store
