// The options that `serve` and `demo` share, on the command line, in a TOML file (--config) and in
// the environment.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "roles/platform.h"

namespace amity::app {

struct PlatformArguments {
  std::string data;
  std::string listen = "127.0.0.1:8080";
  std::string zone = "UTC";
  std::string utility = "Amity";
  std::string master_key;
  std::string tls_certificate, tls_key;
  bool open_metrics = false;
  std::string push;       // HOST:PORT, "" = none
  std::vector<std::string> listen_frames;  // tcp://HOST:PORT, udp://HOST:PORT
  std::string coap;                        // udp://HOST:PORT, "" = none
  std::string stg_drop;                    // folder, "" = none
  std::string mqtt, mqtt_map;              // URL of a broker; file
  std::string edge_listen, edge_certificate, edge_key, edge_ca;  // HOST:PORT; PEM files
  std::string edge_config, edge_updates;  // folders, "" = none
  std::string backups;    // directory, "" = DATA/backups
  unsigned headends = 0;  // 0 = one per core
  unsigned read_every_min = 60;
  std::string vee_rules, vee_facts;  // file, "" = what Amity ships
  unsigned reread_days = 5;
  int bill_day = 1;
  std::string tariffs;  // directory, "" = DATA/tariffs
  bool edit_alone = false;
  std::string log_level = "info";
};

void add_platform_options(CLI::App& app, PlatformArguments& arguments);
// Checks and translates; the error says which option is wrong.
Result<roles::PlatformOptions> platform_options(const PlatformArguments& arguments);
Result<Endpoint> endpoint_from(const std::string& text);
// "tcp://HOST:PORT" or "udp://:PORT" (every address of the machine): true for TCP.
Result<std::pair<bool, Endpoint>> listen_url_from(const std::string& url);
// Messages go to stderr.
Status set_up_log(const std::string& level);

}  // namespace amity::app
