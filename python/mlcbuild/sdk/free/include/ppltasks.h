// The little of Microsoft's task library that <future> names: a task that has run already.
#pragma once
#ifdef __cplusplus
namespace Concurrency {
template <class T>
class task {
 public:
  void wait() const {}
};
template <class Function>
task<void> create_task(Function function) {
  function();
  return {};
}
}  // namespace Concurrency
#endif
