// The registry's tables, as a list of migrations: the schema's version is how many of them have run. Never edit one
// that was released; add one.
#pragma once

namespace amity::store {

inline constexpr int kRatiosSince = 4;  // the first version that has ratio_change

inline constexpr const char* kRegistryMigrations[] = {
    R"sql(
CREATE TABLE feeder (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL) STRICT;
CREATE TABLE transformer (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, feeder INTEGER NOT NULL,
  latitude REAL NOT NULL, longitude REAL NOT NULL, rating_va INTEGER NOT NULL) STRICT;
CREATE TABLE customer (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, customer_class TEXT NOT NULL) STRICT;
CREATE TABLE service_point (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
  latitude REAL NOT NULL, longitude REAL NOT NULL, transformer INTEGER NOT NULL, customer INTEGER NOT NULL) STRICT;
CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, serial TEXT NOT NULL UNIQUE, manufacturer TEXT NOT NULL,
  model TEXT NOT NULL, firmware TEXT NOT NULL, protocol TEXT NOT NULL, address TEXT NOT NULL, segment TEXT NOT NULL,
  state INTEGER NOT NULL, service_point INTEGER NOT NULL, interval_s INTEGER NOT NULL,
  commissioned INTEGER NOT NULL) STRICT;
CREATE TABLE channel (id INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL, kind INTEGER NOT NULL,
  name TEXT NOT NULL, source TEXT NOT NULL, unit INTEGER NOT NULL, exponent INTEGER NOT NULL,
  interval_s INTEGER NOT NULL, multiplier INTEGER NOT NULL) STRICT;
CREATE INDEX channel_of_device ON channel (device);
CREATE TABLE command (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
  argument TEXT NOT NULL, requested_by TEXT NOT NULL, requested INTEGER NOT NULL, deadline INTEGER NOT NULL,
  changed INTEGER NOT NULL, progress TEXT NOT NULL, result TEXT NOT NULL) STRICT;
CREATE INDEX command_of_device ON command (device, id);
CREATE TABLE user (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL,
  role TEXT NOT NULL, enabled INTEGER NOT NULL) STRICT;
CREATE TABLE api_key (id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE session (token_hash BLOB PRIMARY KEY, user INTEGER NOT NULL, csrf TEXT NOT NULL, created INTEGER NOT NULL,
  expires INTEGER NOT NULL) STRICT;
CREATE TABLE value (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  digest BLOB NOT NULL) STRICT;
)sql",
    "ALTER TABLE device ADD COLUMN commodity INTEGER NOT NULL DEFAULT 0;",
    R"sql(
CREATE TABLE installation (service_point INTEGER NOT NULL, device INTEGER NOT NULL, from_s INTEGER NOT NULL,
  to_s INTEGER, PRIMARY KEY (service_point, device, from_s)) STRICT, WITHOUT ROWID;
CREATE INDEX installation_of_device ON installation (device);
INSERT INTO installation SELECT service_point, id, commissioned, NULL FROM device WHERE service_point <> 0;
CREATE TABLE billing_account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
  service_point INTEGER NOT NULL, customer INTEGER NOT NULL, tariff TEXT NOT NULL, cycle INTEGER NOT NULL,
  bill_day INTEGER NOT NULL, opened INTEGER NOT NULL, closed INTEGER, prepaid INTEGER NOT NULL, import TEXT NOT NULL,
  export TEXT NOT NULL, reactive TEXT NOT NULL) STRICT;
CREATE TABLE statement (number INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind INTEGER NOT NULL,
  reverses INTEGER UNIQUE, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL, issued INTEGER NOT NULL,
  total INTEGER NOT NULL, currency TEXT NOT NULL, decimals INTEGER NOT NULL, cause TEXT NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE INDEX statement_of_account ON statement (account, number);
CREATE TRIGGER statement_stays BEFORE UPDATE ON statement BEGIN SELECT RAISE(ABORT, 'a statement never changes'); END;
CREATE TRIGGER statement_is_kept BEFORE DELETE ON statement BEGIN SELECT RAISE(ABORT, 'a statement is kept'); END;
CREATE TABLE bill_in_force (account INTEGER NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
  number INTEGER NOT NULL, PRIMARY KEY (account, first_day)) STRICT, WITHOUT ROWID;
CREATE TABLE bill_hold (account INTEGER NOT NULL, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
  since INTEGER NOT NULL, tried INTEGER NOT NULL, why BLOB NOT NULL, PRIMARY KEY (account, first_day)) STRICT,
  WITHOUT ROWID;
CREATE TABLE prepay (account INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,
  from_s INTEGER NOT NULL, amount INTEGER NOT NULL, balance INTEGER NOT NULL, reference TEXT,
  PRIMARY KEY (account, number), UNIQUE (account, reference)) STRICT, WITHOUT ROWID;
CREATE TABLE tariff_text (digest BLOB PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, seen INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE ratio_change (number INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL, at INTEGER NOT NULL,
  ct INTEGER NOT NULL, vt INTEGER NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, told INTEGER NOT NULL) STRICT;
CREATE INDEX ratio_change_of_device ON ratio_change (device, at, number);
CREATE TRIGGER ratio_change_stays BEFORE UPDATE ON ratio_change
  BEGIN SELECT RAISE(ABORT, 'a change of ratios never changes'); END;
CREATE TRIGGER ratio_change_is_kept BEFORE DELETE ON ratio_change
  BEGIN SELECT RAISE(ABORT, 'a change of ratios is kept'); END;
)sql",
};

}  // namespace amity::store
