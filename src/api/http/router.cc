#include "api/http/router.h"

namespace amity::api {

namespace {
constexpr std::string_view kParameter = "{";
}

void Router::add(Method method, std::string_view pattern, int route) {
  AMITY_ASSERT(pattern.starts_with('/'));
  Route added{method, {}, route};
  std::string_view rest = pattern.substr(1);
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    added.segments.emplace_back(segment.starts_with('{') ? kParameter : segment);
    if (slash == std::string_view::npos) break;
    rest = rest.substr(slash + 1);
  }
  routes_.push_back(std::move(added));
}

bool Router::fits(const Route& route, const Target& target) {
  if (route.segments.size() != target.segments.size()) return false;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const bool parameter = route.segments[i] == kParameter;
    if (parameter ? target.segments[i].empty() : route.segments[i] != target.segments[i])
      return false;
  }
  return true;
}

RouteMatch Router::match(Method method, const Target& target) const {
  if (method == Method::kHead) method = Method::kGet;
  RouteMatch result;
  for (const auto& route : routes_) {
    if (!fits(route, target)) continue;
    if (route.method != method) {
      result.outcome = RouteMatch::Outcome::kNoMethod;
      if (!result.allow.empty()) result.allow += ", ";
      result.allow += to_string(route.method);
      continue;
    }
    result.outcome = RouteMatch::Outcome::kFound;
    result.route = route.route;
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
      if (route.segments[i] == kParameter) result.parameters.push_back(target.segments[i]);
    }
    return result;
  }
  return result;
}

}  // namespace amity::api
