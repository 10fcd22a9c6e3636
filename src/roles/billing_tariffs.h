// The tariffs of a directory: NAME.toml (docs/formats/tariff.md) and NAME.json (one rate of OpenEI
// URDB). Every text that was ever in use is kept, so that a statement names exactly what it was
// rated by.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "mdm/rate/tariff.h"
#include "store/billing.h"

namespace amity::roles {

struct BillingTariff {
  mdm::Tariff tariff;
  Bytes digest;  // SHA-256 of the text
};

class BillingTariffs {
 public:
  // `zone` is that of URDB rates, which name none.
  BillingTariffs(std::string directory, std::string zone)
      : directory_(std::move(directory)), zone_(std::move(zone)) {}

  // Reads what is new or has changed since the last time and keeps it in `billing`.
  Status refresh(store::Billing& billing, UtcSeconds now);
  // The reason says what is wrong with its file, or that there is none.
  Result<std::shared_ptr<const BillingTariff>> find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  struct Entry {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    Result<std::shared_ptr<const BillingTariff>> read = make_error(ErrorCode::kNotFound, "not read");
  };
  Result<std::shared_ptr<const BillingTariff>> read(const std::filesystem::path& file,
                                                    store::Billing& billing, UtcSeconds now) const;

  std::string directory_, zone_;
  std::map<std::string, Entry> entries_;
};

}  // namespace amity::roles
