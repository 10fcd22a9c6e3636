#include "roles/billing_tariffs.h"

#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "mdm/rate/limits.h"
#include "mdm/rate/tariff_file.h"

namespace amity::roles {

namespace {

Result<std::shared_ptr<const BillingTariff>> parse_tariff(const std::string& text,
                                                          const std::string& zone) {
  AMITY_TRY(mdm::Tariff tariff, mdm::tariff_from_file(text, zone));
  auto made = std::make_shared<BillingTariff>();
  made->tariff = std::move(tariff);
  const auto digest = crypto::sha256(as_bytes(text));
  made->digest.assign(digest.begin(), digest.end());
  return std::shared_ptr<const BillingTariff>(std::move(made));
}

}  // namespace

Result<std::shared_ptr<const BillingTariff>> BillingTariffs::read(const std::filesystem::path& file,
                                                                  store::Billing& billing,
                                                                  UtcSeconds now) const {
  std::ifstream in(file, std::ios::binary);
  if (!in) return make_error(ErrorCode::kIo, "it cannot be read");
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) > mdm::kTariffTextMax)
    return make_error(ErrorCode::kLimit, "the file is too long for a tariff");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  AMITY_TRY(auto made, parse_tariff(text, zone_));
  AMITY_CHECK(billing.keep_tariff({made->digest, file.stem().string(), text, now}));
  return made;
}

Status BillingTariffs::refresh(store::Billing& billing, UtcSeconds now) {
  std::error_code failed;
  std::filesystem::directory_iterator files(directory_, failed);
  if (failed) {
    entries_.clear();
    return {};  // no directory: no tariffs
  }
  std::map<std::string, Entry> seen;
  for (const auto& file : files) {
    const auto& path = file.path();
    if (path.extension() != ".toml" && path.extension() != ".json") continue;
    Entry entry;
    entry.written = file.last_write_time(failed);
    entry.size = file.file_size(failed);
    const auto known = entries_.find(path.stem().string());
    const bool same = known != entries_.end() && known->second.written == entry.written &&
                      known->second.size == entry.size;
    entry.read = same ? known->second.read : read(path, billing, now);
    if (!entry.read.ok() && entry.read.error().code == ErrorCode::kIo) return entry.read.error();
    seen.insert_or_assign(path.stem().string(), std::move(entry));
  }
  entries_ = std::move(seen);
  return {};
}

Result<std::shared_ptr<const BillingTariff>> BillingTariffs::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return make_error(ErrorCode::kNotFound, "there is no tariff '" + name + "'");
  if (!found->second.read.ok())
    return make_error(found->second.read.error().code,
                      "tariff '" + name + "': " + found->second.read.error().reason);
  return found->second.read;
}

std::vector<std::string> BillingTariffs::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

}  // namespace amity::roles
