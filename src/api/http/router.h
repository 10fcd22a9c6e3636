// Which handler answers a path: a table, looked up segment by segment.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/request.h"

namespace amity::api {

// What stood where the pattern has {name}, in order.
using PathParameters = std::vector<std::string_view>;

struct RouteMatch {
  enum class Outcome { kFound, kNoPath, kNoMethod };
  Outcome outcome = Outcome::kNoPath;
  int route = -1;             // as given to add()
  PathParameters parameters;  // views into the target that was matched
  std::string allow;          // "GET, POST" for kNoMethod
};

class Router {
 public:
  // `pattern`: "/api/v1/devices/{id}/readings". HEAD is answered by what answers GET.
  void add(Method method, std::string_view pattern, int route);
  RouteMatch match(Method method, const Target& target) const;

 private:
  struct Route {
    Method method;
    std::vector<std::string> segments;  // "{" = a parameter
    int route;
  };
  static bool fits(const Route& route, const Target& target);
  std::vector<Route> routes_;
};

}  // namespace amity::api
