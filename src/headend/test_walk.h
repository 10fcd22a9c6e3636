// For tests: one conversation of the public client with a test meter, and what is done in it.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "headend/device_link.h"
#include "headend/test_loop.h"

namespace amity::headend {

using Walk = std::function<Task<void>(DeviceLink&)>;

inline Task<void> walk_connected(DeviceLink& link, const Walk& walk, bool& ended) {
  const auto connected = co_await link.connect();
  EXPECT_TRUE(connected.ok());
  if (connected.ok()) co_await walk(link);
  ended = true;
}

// Connects, walks, in virtual time of half an hour at most.
inline void on_link(TestLoop& loop, const Endpoint& at, const Walk& walk) {
  ConnectionPool pool(loop.runtime());
  Address address;
  address.endpoint = at;
  address.link.client_sap = 16;
  dlms::ClientConfig config;
  config.link = address.link;
  DeviceLink link(loop.runtime(), pool, address, config, nullptr);
  bool ended = false;
  TaskScope scope;
  scope.spawn(walk_connected(link, walk, ended));
  loop.run_for(std::chrono::minutes(30));
  EXPECT_TRUE(ended);
}

}  // namespace amity::headend
