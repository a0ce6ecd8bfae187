// How good a round's model is.
#pragma once

#include <cstdint>
#include <string>

namespace outrider::averaging {

// How a model does on held-out pictures, of one client or of several together.
struct Score {
  static constexpr std::uint64_t kMostPictures = 1'000'000;  // of one client: none may outweigh all others
  static constexpr double kMostLoss = 1e6;                   // of one picture

  std::uint64_t round = 0;     // whose weights: what the rounds before it have made
  std::uint32_t clients = 0;   // that told
  std::uint64_t pictures = 0;  // 0: nobody told
  std::uint64_t correct = 0;
  double loss_sum = 0;  // cross entropy

  bool operator==(const Score&) const = default;
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(pictures); }
  double loss() const { return loss_sum / static_cast<double>(pictures); }
  void add(const Score& other);
  // More right answers, or as many with less loss.
  bool better_than(const Score& other) const;
  // Throws InputError, beginning with `what`, unless a client may say so.
  void check(const std::string& what) const;
  // For people: "loss 0.61, accuracy 0.81 on 120 held-out pictures of 4 clients".
  std::string text() const;
};

}  // namespace outrider::averaging
