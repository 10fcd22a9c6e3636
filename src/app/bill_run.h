// Bills of a whole file: rows in, statements out. What `amity bill` does between reading and
// printing.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "exchange/row_reader.h"
#include "mdm/rate/rate.h"

namespace amity::app {

// docs/formats/tariff.md, "Accounts".
struct BillAccount {
  std::string id, serial;
  std::string import = "import", exported, reactive;  // names of series; "" for none
  std::string registers;                              // the cumulative register of `import`
  int register_digits = 0;
  std::int64_t multiplier = 1;
  std::string from, to;                // local dates, both included; "" for the file's
  std::vector<Decimal> earlier_peaks;  // kW, newest first
};
Result<std::vector<BillAccount>> accounts_from_toml(std::string_view text);

struct BillOptions {
  mdm::Tariff tariff;
  std::vector<BillAccount> accounts;  // empty: every serial with a series "import"
  std::string from, to;               // of accounts that name none
  std::uint32_t interval_s = 0;       // 0: the commonest distance of rows
};

struct Bill {
  mdm::Statement statement;
  std::vector<std::string> channels;  // names; ChannelId is the index + 1
};

class BillRun {
 public:
  explicit BillRun(BillOptions options) : options_(std::move(options)) {}

  // What is odd of the row: a time that comes with another value (the later counts), a unit that
  // changes (left out).
  exchange::Problem add(const exchange::ParsedRow& row);
  // An account that cannot be billed goes to `refuse`, the others are billed. How many cannot;
  // kNotFound where there is no account.
  Result<std::size_t> run(const std::function<void(const Bill&)>& print,
                          const std::function<void(const std::string&)>& refuse);
  std::size_t conflicts() const {
    return conflicts_;
  }  // times with two values; the later row counts

 private:
  struct Value {
    Decimal value;
    Quality quality;
  };
  using Rows = std::map<UtcSeconds, Value>;
  struct Series;
  struct Key {
    std::string serial, name;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  Result<Bill> bill(const BillAccount& account);
  Status check_units(const BillAccount& account) const;
  Result<const Rows*> rows_of(const BillAccount& account, const std::string& name) const;
  std::uint32_t interval_of(const Rows& rows) const;

  BillOptions options_;
  std::map<Key, Rows> rows_;
  std::map<Key, Unit> units_;
  std::size_t conflicts_ = 0;
};

}  // namespace amity::app
