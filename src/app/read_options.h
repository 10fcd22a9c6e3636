// What `amity read` is told, from its URL and options.
#pragma once

#include <string>
#include <vector>

#include "headend/address.h"
#include "session/dlms/client.h"

namespace amity::app {

struct ReadOptions {
  std::string url;
  std::vector<std::string> obis;
  std::string profile, from, to;
  bool json = false;
  unsigned timeout_s = 10;
  bool timeout_given = false;  // else the protocol says how long an answer may take
};

struct ReadPlan {
  headend::Address address;
  dlms::ClientConfig client;
  std::optional<std::uint32_t> counter;  // of ours to begin with; otherwise the meter is asked
  std::vector<dlms::Obis> objects;       // empty: all of the association
  std::optional<dlms::Obis> profile;
  UtcSeconds from, to;

  bool ciphered() const { return !client.keys.empty(); }
};

// kInvalid, with words for a person.
Result<ReadPlan> plan_read(const ReadOptions& options, UtcSeconds now);

}  // namespace amity::app
