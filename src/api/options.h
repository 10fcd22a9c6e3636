// How an API server is set up.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "api/assets.h"
#include "base/runtime.h"

namespace amity::api {

struct AccessEntry {
  std::string_view method, target;
  int status = 0;
  std::size_t bytes = 0;
  std::int64_t duration_us = 0;
  std::string_view principal;  // "" = nobody signed in
  const Endpoint* peer = nullptr;
};

struct ServerOptions {
  Endpoint listen{"127.0.0.1", 8080};
  int threads = 0;                                 // 0: one per core
  std::string tls_certificate_file, tls_key_file;  // PEM; both or none
  std::span<const Asset> assets;
  std::vector<std::string> allowed_hosts;  // of the Host field, without port; empty = any
  std::string
      backup_root;  // directory that holds the backups asked for over the API; "" = none are made
  // /metrics answers without credentials. A peer's address proves nothing behind a reverse proxy,
  // so that this is never concluded from it.
  bool open_metrics = false;
  std::size_t connections_max = 10'000;
  std::int64_t idle_timeout_ms = 60'000;
  std::int64_t request_timeout_ms = 10'000;  // from a request's first byte to its last
  std::int64_t send_timeout_ms = 30'000;     // without any progress
  std::int64_t sweep_interval_ms = 500;
  // Token bucket per principal; 0 = unlimited.
  std::uint32_t requests_per_s = 500;
  std::uint32_t requests_burst = 2000;
  // How long a thread believes what it knows of a key or session; another process's revocation
  // takes this long.
  std::int64_t auth_cache_ms = 5000;
  // Argon2id (libsodium's limits): 64 MiB and two passes, unless a test makes it cheaper.
  std::uint64_t password_passes = 2;
  std::uint64_t password_memory_bytes = 64 << 20;
  // Called on the I/O threads after each request: short, never blocking.
  std::function<void(const AccessEntry&)> on_access;
  const Clock* clock = nullptr;  // the system's, unless a test brings its own
};

}  // namespace amity::api
