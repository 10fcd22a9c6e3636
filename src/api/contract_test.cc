// Every path of openapi.json is called on a running server; its answers must be what the
// description says, field by field.
#include <set>

#include "api/api.h"
#include "api/openapi.h"
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

// The subset of JSON Schema that the description uses; anything else in a schema is an error, so
// that nothing goes unchecked.
class Validator {
 public:
  explicit Validator(const json& document) : document_(document) {}

  std::vector<std::string> check(const json& schema, const json& value) {
    errors_.clear();
    visit(schema, value, "$");
    return errors_;
  }

 private:
  void fail(const std::string& where, const std::string& what) {
    errors_.push_back(where + ": " + what);
  }

  static bool is_type(const std::string& type, const json& value) {
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }

  void visit(const json& schema, const json& value, const std::string& where) {
    static const std::set<std::string> kKnown = {
        "$ref",      "type",       "enum",     "format",   "description",          "items",
        "required",  "properties", "minItems", "maxItems", "additionalProperties", "prefixItems",
        "minLength", "maxLength"};
    for (const auto& [key, unused] : schema.items()) {
      if (!kKnown.contains(key))
        fail(where, "the schema uses " + key + ", which this test does not know");
    }
    if (schema.contains("$ref")) {
      const std::string pointer = schema["$ref"].get<std::string>().substr(1);
      return visit(document_.at(json::json_pointer(pointer)), value, where);
    }
    if (schema.contains("type")) {
      const json types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
      bool fits = false;
      for (const auto& type : types) fits = fits || is_type(type, value);
      if (!fits) return fail(where, "is " + value.dump().substr(0, 60) + ", not " + types.dump());
    }
    if (schema.contains("enum")) {
      bool found = false;
      for (const auto& allowed : schema["enum"]) found = found || allowed == value;
      if (!found) fail(where, value.dump() + " is not one of " + schema["enum"].dump());
    }
    if (schema.value("format", "") == "date-time" && value.is_string() &&
        !from_iso(value.get<std::string>()).ok()) {
      fail(where, value.dump() + " is no time");
    }
    if (value.is_object()) object(schema, value, where);
    if (value.is_array()) array(schema, value, where);
  }

  void object(const json& schema, const json& value, const std::string& where) {
    for (const auto& name : schema.value("required", json::array())) {
      if (!value.contains(name.get<std::string>())) fail(where, name.dump() + " is missing");
    }
    const json properties = schema.value("properties", json::object());
    for (const auto& [name, member] : value.items()) {
      if (properties.contains(name)) {
        visit(properties[name], member, where + "." + name);
      } else if (schema.contains("additionalProperties")) {
        fail(where, "\"" + name + "\" is not described");
      }
    }
  }

  void array(const json& schema, const json& value, const std::string& where) {
    if (value.size() < schema.value("minItems", std::size_t{0})) fail(where, "too few items");
    if (value.size() > schema.value("maxItems", SIZE_MAX)) fail(where, "too many items");
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string at = where + "[" + std::to_string(i) + "]";
      if (schema.contains("prefixItems") && i < schema["prefixItems"].size()) {
        visit(schema["prefixItems"][i], value[i], at);
      } else if (schema.contains("items")) {
        visit(schema["items"], value[i], at);
      }
    }
  }

  const json& document_;
  std::vector<std::string> errors_;
};

// What is asked of each path; a path of the description without an entry here fails the test.
struct Example {
  std::string query, body;
  std::map<std::string, std::string> path;
};

const std::map<std::string, Example>& examples() {
  static const std::map<std::string, Example> all = {
      {"post /api/v1/session", {"", R"({"user":"admin","password":"correct horse battery"})", {}}},
      {"get /api/v1/session", {}},
      {"get /api/v1/system", {}},
      {"get /api/v1/overview", {}},
      {"get /api/v1/completeness", {"?by=hour&group=segment", "", {}}},
      {"get /api/v1/devices", {"?limit=10&sort=-last_contact", "", {}}},
      {"get /api/v1/devices/{id}", {"", "", {{"{id}", "1"}}}},
      {"get /api/v1/devices/{id}/readings",
       {"?from=2026-11-20&to=2026-11-21", "", {{"{id}", "1"}}}},
      {"get /api/v1/devices/{id}/events", {"", "", {{"{id}", "1"}}}},
      {"get /api/v1/devices/{id}/export", {"?from=2026-11-20&to=2026-11-21", "", {{"{id}", "1"}}}},
      {"get /api/v1/vee/queue",
       {"?state=estimated&segment=A&rule=count&class=residential&sort=-at_stake", "", {}}},
      {"get /api/v1/channels/{id}/days", {"?from=2026-11-01&to=2026-11-21", "", {{"{id}", "1"}}}},
      {"get /api/v1/channels/{id}/days/{date}",
       {"", "", {{"{id}", "1"}, {"{date}", "2026-11-20"}}}},
      {"get /api/v1/channels/{id}/history", {"?time=2026-11-20T12:30:00Z", "", {{"{id}", "1"}}}},
      {"post /api/v1/vee/accept",
       {"", R"({"days":[{"channel":1,"date":"2026-11-20"}],"reason":"seen"})", {}}},
      {"post /api/v1/vee/edits",
       {"",
        R"({"channel":1,"values":[{"time":"2026-11-20T12:30:00Z","value":"149"}],"reason":"told"})",
        {}}},
      {"post /api/v1/vee/rerun",
       {"", R"({"channel":1,"from":"2026-11-20","to":"2026-11-20","reason":"new rules"})", {}}},
      {"post /api/v1/vee/undo", {"", R"({"edit":1,"reason":"mistaken"})", {}}},
      {"post /api/v1/vee/edits/{id}/approve", {"", R"({"comment":"right"})", {{"{id}", "1"}}}},
      {"post /api/v1/vee/edits/{id}/reject", {"", R"({"comment":"no"})", {{"{id}", "2"}}}},
      {"get /api/v1/billing/accounts", {"?q=mill&limit=10", "", {}}},
      {"post /api/v1/billing/accounts",
       {"",
        R"({"name":"A-3","service_point":"SP-3","tariff":"home","opened":"2026-11-01","bill_day":5})",
        {}}},
      {"get /api/v1/billing/accounts/{id}", {"", "", {{"{id}", "2"}}}},
      {"post /api/v1/billing/accounts/{id}/credits",
       {"", R"({"amount":"25.00","reference":"P-1"})", {{"{id}", "2"}}}},
      {"get /api/v1/billing/statements", {"?account=1", "", {}}},
      {"get /api/v1/billing/statements/{number}", {"", "", {{"{number}", "1"}}}},
      {"get /api/v1/billing/statements/{number}/lines/{line}/intervals",
       {"", "", {{"{number}", "1"}, {"{line}", "1"}}}},
      {"get /api/v1/billing/held", {}},
      {"post /api/v1/billing/runs", {"", R"({"account":1})", {}}},
      {"get /api/v1/billing/runs", {}},
      {"get /api/v1/billing/tariffs", {}},
      {"post /api/v1/meter-exchanges",
       {"",
        R"({"service_point":"SP-1","removed":"AM007919","installed":"AM015838","at":"2026-11-20T10:23:00Z"})",
        {}}},
      {"post /api/v1/devices/{id}/ratios",
       {"",
        R"({"at":"2026-11-20T10:30:00Z","ct":80,"vt":1,"reason":"new current transformers"})",
        {{"{id}", "1"}}}},
      {"get /api/v1/devices/{id}/ratios", {"", "", {{"{id}", "1"}}}},
      {"get /api/v1/balances", {"?kind=feeder&from=2026-11-14&to=2026-11-20", "", {}}},
      {"get /api/v1/balances/sums",
       {"?kind=area&name=Millbrook&commodity=water&span=week", "", {}}},
      {"get /api/v1/virtual-meters", {}},
      {"post /api/v1/virtual-meters",
       {"",
        R"({"name":"Rest","terms":[{"feeder":"North"},{"serial":"M1","coefficient":"-0.5"}]})",
        {}}},
      {"patch /api/v1/virtual-meters/{name}",
       {"", R"({"terms":[{"serial":"M1"}]})", {{"{name}", "Rest"}}}},
      {"get /api/v1/virtual-meters/{name}/readings", {"", "", {{"{name}", "Street"}}}},
      {"get /api/v1/vee/edits", {"?limit=10", "", {}}},
      {"get /api/v1/vee/edits/{id}", {"", "", {{"{id}", "1"}}}},
      {"post /api/v1/devices/{id}/commands", {"", R"({"kind":"read_now"})", {{"{id}", "1"}}}},
      {"post /api/v1/uplinks/{source}", {"", R"({"total":1})", {{"{source}", "plug"}}}},
      {"get /api/v1/edges", {}},
      {"post /api/v1/edges/{name}/retry", {"", "", {{"{name}", "edge-1"}}}},
      {"get /api/v1/commands", {"?segment=A", "", {}}},
      {"get /api/v1/commands/{id}", {"", "", {{"{id}", "1"}}}},
      {"get /api/v1/events", {"?severity=high&segment=direct&feeder=x", "", {}}},
      {"get /api/v1/abnormal", {"?limit=5&segment=A&model=E2", "", {}}},
      {"get /api/v1/missing", {"?group=segment", "", {}}},
      {"get /api/v1/segments", {}},
      {"get /api/v1/grid", {}},
      {"get /api/v1/users", {}},
      {"post /api/v1/users",
       {"", R"({"name":"ola","password":"a long password","role":"operator"})", {}}},
      {"patch /api/v1/users/{name}", {"", R"({"role":"engineer"})", {{"{name}", "ola"}}}},
      {"get /api/v1/api-keys", {}},
      {"post /api/v1/api-keys", {"", R"({"name":"robot","role":"viewer"})", {}}},
      {"post /api/v1/backups", {"", R"({"name":"before-upgrade"})", {}}},
      {"get /metrics", {}},
      {"get /healthz", {}},
      {"get /readyz", {}},
      {"get /openapi.json", {}},
  };
  return all;
}

// Paths that need more than one question; they have tests of their own.
const std::set<std::string> kElsewhere = {"delete /api/v1/session", "delete /api/v1/api-keys/{id}",
                                          "delete /api/v1/virtual-meters/{name}",
                                          "get /api/v1/stream"};

class ContractTest : public ServerTest {};

TEST_F(ContractTest, EveryPathAnswersAsDescribed) {
  serve();
  const json document = json::parse(openapi_json());
  EXPECT_EQ(document["openapi"].get<std::string>().substr(0, 4), "3.1.");
  Validator validator(document);
  Client client(server_->local());
  std::set<std::string> described;
  // Posts first: they make what the gets then show.
  for (const std::string method : {"post", "patch", "get", "delete"}) {
    for (const auto& [path, operations] : document["paths"].items()) {
      if (!operations.contains(method)) continue;
      const std::string name = method + " " + path;
      described.insert(name);
      if (kElsewhere.contains(name)) continue;
      ASSERT_TRUE(examples().contains(name)) << name << " has no example in this test";
      const Example& example = examples().at(name);
      std::string target = path;
      for (const auto& [from, to] : example.path)
        target.replace(target.find(from), from.size(), to);
      client.auth = operations[method].contains("security") ? "" : key_for("admin");
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c - 32);
      const Answer answer = client.request(upper, target + example.query, example.body);
      const json& responses = operations[method]["responses"];
      const std::string status = std::to_string(answer.status);
      ASSERT_TRUE(responses.contains(status))
          << name << " answered " << status << " " << answer.body;
      EXPECT_LT(answer.status, 300) << name << ": " << answer.body;
      const std::string type =
          answer.header("Content-Type").substr(0, answer.header("Content-Type").find(';'));
      ASSERT_TRUE(responses[status]["content"].contains(type)) << name << " is " << type;
      if (type != "application/json" && type != "application/geo+json") continue;
      for (const auto& error :
           validator.check(responses[status]["content"][type]["schema"], answer.parsed())) {
        ADD_FAILURE() << name << " " << error;
      }
    }
  }
  for (const auto& [name, example] : examples())
    EXPECT_TRUE(described.contains(name)) << name << " is not described";
}

TEST_F(ContractTest, RefusalsAreDescribedProblems) {
  serve();
  const json document = json::parse(openapi_json());
  Validator validator(document);
  Client client(server_->local());
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      if (operation.contains("security")) continue;
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c - 32);
      const Answer answer = client.request(upper, path);
      EXPECT_EQ(answer.status, 401) << method << " " << path;
      ASSERT_TRUE(operation["responses"].contains("401")) << method << " " << path;
      for (const auto& error :
           validator.check(document["components"]["schemas"]["Problem"], answer.parsed())) {
        ADD_FAILURE() << method << " " << path << " " << error;
      }
    }
  }
}

std::string role_of(Access access) {
  switch (access) {
    case Access::kAnyone:
      return "anyone";
    case Access::kViewer:
    case Access::kMetrics:
      return "viewer";
    case Access::kOperator:
      return "operator";
    case Access::kEngineer:
      return "engineer";
    case Access::kAdmin:
      return "admin";
  }
  return "";
}

TEST_F(ContractTest, EveryRouteIsDescribedWithTheRoleItNeeds) {
  const json document = json::parse(openapi_json());
  std::size_t operations = 0;
  for (const auto& [path, described] : document["paths"].items()) operations += described.size();
  EXPECT_EQ(operations, all_routes().size());
  for (const Route& route : all_routes()) {
    std::string method(to_string(route.method));
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const json described =
        document["paths"].value(std::string(route.pattern), json::object()).value(method, json());
    ASSERT_TRUE(described.is_object()) << method << " " << route.pattern << " is not described";
    EXPECT_EQ(described.value("x-role", ""), role_of(route.access))
        << method << " " << route.pattern;
  }
}

TEST_F(ContractTest, TheValidatorSeesWhatIsWrong) {
  const json document = json::parse(openapi_json());
  Validator validator(document);
  const json schema = {{"$ref", "#/components/schemas/MissingList"}};
  const json row = {{"segment", "A"}, {"cause", "silent"}, {"devices", 1}, {"intervals", 2}};
  const auto wrong = [&](const json& item) {
    return validator.check(schema,
                           {{"since", "2026-11-14T00:00:00Z"}, {"items", json::array({item})}});
  };
  EXPECT_TRUE(wrong(row).empty());
  json bad = row;
  bad["devices"] = "one";
  EXPECT_FALSE(wrong(bad).empty());
  bad = row;
  bad.erase("cause");
  EXPECT_FALSE(wrong(bad).empty());
  bad = row;
  bad["more"] = 1;
  EXPECT_FALSE(wrong(bad).empty());
}

}  // namespace
}  // namespace amity::api::testing
