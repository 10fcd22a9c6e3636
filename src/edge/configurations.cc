#include "edge/configurations.h"

#include <algorithm>

#include "base/crypto.h"
#include "edge/file.h"
#include "edge/limits.h"

namespace amity::edge {
namespace {

constexpr std::size_t kStoredSize = 8 + 32;  // version, digest of the text

}  // namespace

Result<std::optional<ConfigurationOffer>> Configurations::wanted(const std::string& edge) {
  std::optional<ConfigurationOffer> none;
  // A name is a file's name here, and never a way out of the folder.
  if (!any() || edge.empty() || edge.front() == '.' || edge.find('/') != edge.npos) return none;
  const auto text = read_file(directory_ + "/" + edge + ".toml", kConfigurationBytesMax);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) return none;
  if (!text.ok()) return text.error();
  const std::string key = "edge/configuration/" + edge;
  AMITY_TRY(const auto stored, registry_.value(key));
  const auto digest = crypto::sha256(*text);
  std::uint64_t version = 0;
  bool same = false;
  if (stored && stored->size() == kStoredSize) {
    ByteReader in(*stored);
    version = *in.u64();
    same = std::equal(digest.begin(), digest.end(), in.rest().begin());
  }
  if (!same) {
    Bytes fresh;
    ByteWriter(fresh).u64(++version);
    append(fresh, digest);
    AMITY_CHECK(registry_.put_value(key, fresh));
  }
  return std::optional(ConfigurationOffer{version, std::string(as_text(*text))});
}

}  // namespace amity::edge
