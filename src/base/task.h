// Lazy coroutines for what to do in which order: Task<T> runs when it is awaited; one that finishes without
// suspending goes on in its awaiter without a nested resume, so loops use no stack (at -O0 too, where symmetric
// transfer does). One thread. Destroying a task (or the scope that owns it) cancels it where it
// is suspended: its frame and the frames it awaits are destroyed, so an awaitable must forget its handle when
// destroyed.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/result.h"

namespace amity {

template <class T>
class Task;

namespace task_detail {

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    self.promise().done = true;
    // The awaiter may destroy this frame as it goes on: nothing here is touched afterwards.
    if (const std::coroutine_handle<> next = self.promise().continuation) next.resume();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  bool done = false;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    assertion_failed("a task let an exception out", __FILE__, __LINE__);
  }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  inline Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool valid() const { return static_cast<bool>(handle_); }

  // Awaited once.
  struct Awaiter {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiting) const noexcept {
      handle.resume();
      if (handle.promise().done) return false;
      handle.promise().continuation = awaiting;
      return true;
    }
    T await_resume() const { return handle.promise().take(); }
  };
  Awaiter operator co_await() const noexcept {
    AMITY_ASSERT(handle_);
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

template <class T>
Task<T> task_detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> task_detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// Owns tasks that nobody awaits. Destroying the scope cancels what still runs; never from inside one of its tasks.
class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() { cancel(); }

  // Runs at once, up to its first suspension.
  void spawn(Task<void> task) { root(this, std::move(task)).handle.resume(); }
  void cancel() {
    while (first_) std::coroutine_handle<RootPromise>::from_promise(*first_).destroy();
  }
  std::size_t size() const { return size_; }

 private:
  struct RootPromise;
  struct Root {
    using promise_type = RootPromise;
    std::coroutine_handle<RootPromise> handle;
  };
  // A self-destroying frame in the scope's list.
  struct RootPromise {
    RootPromise(TaskScope* owner, const Task<void>&) : scope(owner), next(owner->first_) {
      if (next) next->previous = this;
      owner->first_ = this;
      ++owner->size_;
    }
    ~RootPromise() {
      (previous ? previous->next : scope->first_) = next;
      if (next) next->previous = previous;
      --scope->size_;
    }
    Root get_return_object() { return Root{std::coroutine_handle<RootPromise>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    [[noreturn]] void unhandled_exception() const noexcept {
      assertion_failed("a task let an exception out", __FILE__, __LINE__);
    }
    void return_void() const noexcept {}

    TaskScope* scope;
    RootPromise* next;
    RootPromise* previous = nullptr;
  };
  static Root root(TaskScope*, Task<void> task) { co_await task; }

  RootPromise* first_ = nullptr;
  std::size_t size_ = 0;
};

// One waiter, one value, in either order. set() resumes the waiter inside the call; a cancelled waiter is forgotten.
// The OneShot outlives its waiter.
template <class T>
class OneShot {
 public:
  OneShot() = default;
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  bool is_set() const { return value_.has_value(); }
  void set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    if (waiter_) std::exchange(waiter_, {}).resume();
  }
  auto operator co_await() noexcept { return Awaiter(this); }

 private:
  struct Awaiter {
    explicit Awaiter(OneShot* of) : shot(of) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (suspended) shot->waiter_ = {};
    }
    OneShot* shot;
    bool suspended = false;
    bool await_ready() const noexcept { return shot->value_.has_value(); }
    void await_suspend(std::coroutine_handle<> h) noexcept {
      suspended = true;
      shot->waiter_ = h;
    }
    T await_resume() const { return std::move(*shot->value_); }
  };
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

}  // namespace amity

// As AMITY_TRY and AMITY_CHECK, in a coroutine that returns Result<T>. The expression may contain co_await.
#define AMITY_CO_TRY(decl, expr) AMITY_CO_TRY_(AMITY_CONCAT(amity_co_try_, __LINE__), decl, expr)
#define AMITY_CO_TRY_(tmp, decl, expr)            \
  auto tmp = (expr);                              \
  if (!tmp.ok()) co_return std::move(tmp).error(); \
  decl = std::move(tmp).value()
#define AMITY_CO_CHECK(expr) AMITY_CO_CHECK_(AMITY_CONCAT(amity_co_check_, __LINE__), expr)
#define AMITY_CO_CHECK_(tmp, expr) \
  auto tmp = (expr);               \
  if (!tmp.ok()) co_return std::move(tmp).error()
