// What each edge is to read, as the server's operator wants it: one file per edge, DIR/NAME.toml. A
// file whose content has changed is a new version; versions count up per edge and are durable.
#pragma once

#include <optional>
#include <string>

#include "edge/message.h"
#include "store/registry.h"

namespace amity::edge {

class Configurations {
 public:
  // `directory` "": nothing is wanted of any edge. `registry` outlives it.
  Configurations(store::Registry& registry, std::string directory)
      : registry_(registry), directory_(std::move(directory)) {}

  bool any() const { return !directory_.empty(); }
  // nullopt: the edge's own configuration counts, there is no file of it.
  Result<std::optional<ConfigurationOffer>> wanted(const std::string& edge);

 private:
  store::Registry& registry_;
  std::string directory_;
};

}  // namespace amity::edge
