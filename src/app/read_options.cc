#include "app/read_options.h"

#include <algorithm>
#include <charconv>

namespace amity::app {

namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr dlms::SystemTitle kOwnTitle{'A', 'M', 'Y', 0, 0, 0, 0, 1};

Error invalid(std::string reason) { return make_error(ErrorCode::kInvalid, std::move(reason)); }

Result<dlms::Mechanism> mechanism_from(std::string_view text) {
  struct Name {
    std::string_view name;
    dlms::Mechanism mechanism;
  };
  static constexpr Name kNames[] = {
      {"none", dlms::Mechanism::kNone},      {"low", dlms::Mechanism::kLow},
      {"md5", dlms::Mechanism::kHighMd5},    {"sha1", dlms::Mechanism::kHighSha1},
      {"gmac", dlms::Mechanism::kHighGmac},  {"sha256", dlms::Mechanism::kHighSha256}};
  for (const Name& n : kNames) {
    if (n.name == text) return n.mechanism;
  }
  return invalid("auth=" + std::string(text) + " is none of none, low, md5, sha1, sha256, gmac");
}

Status take_security(dlms::SecurityPolicy& policy, std::string_view text) {
  if (text != "none" && text != "auth" && text != "enc" && text != "authenc") {
    return invalid("security=" + std::string(text) + " is none of none, auth, enc, authenc");
  }
  policy.authenticate = text == "auth" || text == "authenc";
  policy.encrypt = text == "enc" || text == "authenc";
  return {};
}

Result<dlms::Secret> key_from(std::string_view name, std::string_view hex) {
  AMITY_TRY(const Bytes bytes, from_hex(hex));
  if (bytes.size() != 16 && bytes.size() != 32) {
    return invalid(std::string(name) + " has " + std::to_string(bytes.size()) + " bytes, not 16 or 32");
  }
  return dlms::Secret(bytes);
}

Status take_option(ReadPlan& plan, const std::string& name, const std::string& value) {
  if (name == "auth") {
    AMITY_TRY(plan.client.mechanism, mechanism_from(value));
  } else if (name == "password") {
    plan.client.password = dlms::Secret(value);
  } else if (name == "system-title") {
    AMITY_TRY(const Bytes bytes, from_hex(value));
    AMITY_TRY(plan.client.client_title, dlms::system_title_from(bytes));
  } else if (name == "meter-title") {
    AMITY_TRY(const Bytes bytes, from_hex(value));
    AMITY_TRY(plan.client.server_title, dlms::system_title_from(bytes));
  } else if (name == "key") {
    AMITY_TRY(plan.client.keys.encryption, key_from(name, value));
  } else if (name == "auth-key") {
    AMITY_TRY(plan.client.keys.authentication, key_from(name, value));
  } else if (name == "security") {
    return take_security(plan.client.security, value);
  } else if (name == "dedicated") {
    plan.client.form = value == "1" ? dlms::CipherForm::kDedicated : dlms::CipherForm::kGlobal;
  } else if (name == "counter") {
    std::uint32_t counter = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), counter);
    if (end.ec != std::errc{} || end.ptr != value.data() + value.size()) return invalid("counter=" + value);
    plan.counter = counter;
  } else {
    return invalid("the URL has an unknown option \"" + name + "\"");
  }
  return {};
}

}  // namespace

Result<ReadPlan> plan_read(const ReadOptions& options, UtcSeconds now) {
  ReadPlan plan;
  AMITY_TRY(plan.address, headend::parse_address(options.url));
  plan.client.link = plan.address.link;
  plan.client.client_title = kOwnTitle;
  plan.client.response_timeout = std::chrono::seconds(options.timeout_s);
  if (options.timeout_given)
    plan.address.bearer.connect_timeout_ms = std::int64_t{options.timeout_s} * 1'000;
  for (const auto& [name, value] : plan.address.other) AMITY_CHECK(take_option(plan, name, value));
  const bool needs_keys = plan.client.security.needs_protection() ||
                          plan.client.mechanism == dlms::Mechanism::kHighGmac;
  if (needs_keys && plan.client.keys.empty()) return invalid("this security needs key= and auth-key=");
  if (plan.client.keys.encryption.size() == 32) plan.client.security.suite = dlms::SecuritySuite::k2;
  for (const std::string& text : options.obis) {
    AMITY_TRY(const dlms::Obis obis, dlms::obis_from(std::string_view(text)));
    plan.objects.push_back(obis);
  }
  if (!options.profile.empty()) {
    AMITY_TRY(plan.profile, dlms::obis_from(std::string_view(options.profile)));
  }
  plan.to = now;
  if (!options.to.empty()) {
    AMITY_TRY(plan.to, from_iso(options.to));
  }
  plan.from = plan.to - kDay_s;
  if (!options.from.empty()) {
    AMITY_TRY(plan.from, from_iso(options.from));
  }
  if (plan.to <= plan.from) return invalid("--to is not after --from");
  return plan;
}

}  // namespace amity::app
