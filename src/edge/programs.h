// The programs that a server offers to its edges: in one folder, NAME with NAME.manifest and
// NAME.sig (64 bytes, Ed25519 over the manifest). Who signs is the edges' affair: they check.
#pragma once

#include <map>
#include <string>

#include "edge/message.h"
#include "edge/update.h"

namespace amity::edge {

class Programs {
 public:
  explicit Programs(std::string directory) : directory_(std::move(directory)) {}

  // For an edge of that target and version: the program whose name sorts last among those of its
  // target; nullopt when it runs that one already.
  std::optional<UpdateOffer> wanted(const std::string& target, const std::string& version);
  // At most kPieceBytesMax; empty where there is nothing.
  UpdatePiece piece(const UpdateAsk& ask) const;

 private:
  std::string directory_;                // "": none
  std::map<Digest, std::string> paths_;  // of what was offered
};

}  // namespace amity::edge
