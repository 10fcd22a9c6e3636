// One process of the platform: the store, the key ring, the intake, and the departments this
// process runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/server.h"
#include "headend/headend.h"
#include "ops/command_desk.h"
#include "ops/fleet_state.h"
#include "roles/billing_role.h"
#include "roles/edge_role.h"
#include "roles/heard_role.h"
#include "roles/mdm_role.h"
#include "store/store.h"

namespace amity::roles {

struct PlatformOptions {
  std::string data_directory;
  std::string master_secret_file;  // "" = DATA/master.key, made at the first start
  std::string utility = "Amity";
  std::string zone = "UTC";
  std::string version, commit;
  bool demo = false;
  unsigned headends = 1;
  bool run_headend = true, run_api = true;
  headend::HeadEndConfig headend;
  HeardOptions heard;
  EdgeOptions edge;
  ops::StatusRules status;
  ops::DeskLimits desk;
  MdmOptions mdm;
  bool run_mdm = true;
  BillingOptions billing;
  bool run_billing = true;
  api::ServerOptions http;
  std::string admin_password;  // of the first administrator; "" = a random one, shown once
};

class Platform {
 public:
  // Opens the data directory; nothing runs yet.
  static Result<std::unique_ptr<Platform>> open(PlatformOptions options);
  ~Platform();  // stops

  store::Store& store();
  headend::KeyRing& keys();
  Status start();
  void stop();
  // For what the master data of a start-up is: accounts, tariffs. Before start().
  const std::string& tariff_directory() const;
  // Through the desk, as the API does; the outcome is in the registry and the journal.
  void submit(const Command& command);
  // Of the HTTP server, once started.
  std::uint16_t http_port() const;
  // The first administrator's password, when this start made that account.
  const std::optional<std::string>& first_password() const;
  Result<std::string> add_api_key(const std::string& name, const std::string& role);
  std::optional<Endpoint> push_tcp() const;
  // Where frames are listened for, as in the options: TCP, then UDP. Once started.
  std::vector<Endpoint> frames() const;
  std::map<std::string, heard::Counters> heard_totals() const;
  const EdgeRole& edges() const;
  headend::HeadEndStats headend_totals() const;
  // The share of due intervals of the last day that is there; nullopt when none is due.
  std::optional<double> completeness() const;

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace amity::roles
