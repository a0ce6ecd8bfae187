// Another program as a child of this one.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace outrider {

// What a child finds open, as descriptors of this process; -1 is /dev/null. It inherits no others.
struct ChildSurroundings {
  int input = -1;
  int output = -1;
  int errors = -1;
  int report = -1;                            // its descriptor 3; -1: it has none
  std::optional<int> network_namespace = {};  // a descriptor of the one it lives in; nothing: this process's
  bool own_group = false;                     // ctrl-C in the terminal is not for it
};

// Runs from construction; killed by the destructor, and by the kernel when the thread that started it ends. Move-only.
class ChildProcess {
 public:
  // `arguments` without the program's name. Throws InputError when no process can be started; a program that cannot be
  // run ends with exit code 127, a namespace that cannot be entered with 126.
  ChildProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
               const ChildSurroundings& surroundings);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t id() const { return id_; }
  bool running();
  // Nothing happens when it has ended.
  void send(int signal);
  // kill -9, and waits.
  void kill();
  // As waitpid gives it; waits for its end, the second one for `patience` at most.
  int wait();
  std::optional<int> wait(std::chrono::milliseconds patience);

 private:
  void reap(int options);

  pid_t id_ = -1;
  std::optional<int> status_;
};

}  // namespace outrider
