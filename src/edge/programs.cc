#include "edge/programs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "edge/file.h"

namespace amity::edge {
namespace {

constexpr std::string_view kEnding = ".manifest";
constexpr std::size_t kSignatureSize = 64;

}  // namespace

std::optional<UpdateOffer> Programs::wanted(const std::string& target, const std::string& version) {
  if (directory_.empty()) return std::nullopt;
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string name = entry.path().string();
    if (name.ends_with(kEnding)) names.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  std::sort(names.rbegin(), names.rend());
  for (const std::string& name : names) {
    const auto text = read_file(name + std::string(kEnding), kManifestBytesMax);
    const auto signature = read_file(name + ".sig", kSignatureSize);
    if (!text.ok() || !signature.ok()) continue;
    const auto manifest = parse_manifest(as_text(*text));
    if (!manifest.ok() || manifest->target != target) continue;
    if (manifest->version == version) return std::nullopt;
    paths_[manifest->digest] = name;
    return UpdateOffer{std::string(as_text(*text)), *signature};
  }
  return std::nullopt;
}

UpdatePiece Programs::piece(const UpdateAsk& ask) const {
  UpdatePiece piece{ask.digest, ask.offset, {}};
  const auto known = paths_.find(ask.digest);
  if (known == paths_.end() || ask.offset > kProgramBytesMax) return piece;
  std::ifstream in(known->second, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(ask.offset));
  piece.bytes.resize(kPieceBytesMax);
  in.read(reinterpret_cast<char*>(piece.bytes.data()),
          static_cast<std::streamsize>(piece.bytes.size()));
  piece.bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return piece;
}

}  // namespace amity::edge
