// Writes lines with a time stamp.
#include <chrono>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <string>

void log_line(const std::string& message) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::cerr << std::put_time(std::gmtime(&now), "%FT%TZ") << ' ' << message << '\n';
}
