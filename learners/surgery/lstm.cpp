#include "learners/surgery/lstm.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace outrider::surgery {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

const std::vector<double>& before(const Sequence& sequence, std::size_t place, const std::vector<double>& start) {
  return place == 0 ? start : sequence[place - 1];
}

}  // namespace

Lstm::Lstm(const LstmSize& size, std::span<const double> parameters) : size_(size), parameters_(parameters) {
  assert(parameters.size() == size.parameters());
}

std::span<const double> Lstm::row(std::size_t index) const {
  const std::size_t length = size_.inputs + size_.hidden + 1;
  return parameters_.subspan(index * length, length);
}

Lstm::Trace Lstm::forward(Sequence inputs) const {
  const std::size_t hidden = size_.hidden;
  const std::vector<double> zero(hidden);
  Trace trace;
  trace.inputs = std::move(inputs);
  for (std::size_t t = 0; t < trace.inputs.size(); ++t) {
    const std::vector<double>& x = trace.inputs[t];
    const std::vector<double>& h = before(trace.states, t, zero);
    std::vector<double> gates(4 * hidden);
    for (std::size_t k = 0; k < gates.size(); ++k) {
      const std::span<const double> weights = row(k);
      double sum = weights.back();
      for (std::size_t i = 0; i < size_.inputs; ++i) sum += weights[i] * x[i];
      for (std::size_t i = 0; i < hidden; ++i) sum += weights[size_.inputs + i] * h[i];
      gates[k] = k < 3 * hidden ? sigmoid(sum) : std::tanh(sum);
    }
    std::vector<double> cell(hidden);
    std::vector<double> state(hidden);
    const std::vector<double>& c = before(trace.cells, t, zero);
    for (std::size_t k = 0; k < hidden; ++k) {
      cell[k] = gates[hidden + k] * c[k] + gates[k] * gates[3 * hidden + k];
      state[k] = gates[2 * hidden + k] * std::tanh(cell[k]);
    }
    trace.gates.push_back(std::move(gates));
    trace.cells.push_back(std::move(cell));
    trace.states.push_back(std::move(state));
  }
  return trace;
}

void Lstm::backward(const Trace& trace, const Sequence& output_gradient, std::span<double> gradient) const {
  assert(gradient.size() == size_.parameters() && output_gradient.size() == trace.states.size());
  const std::size_t hidden = size_.hidden;
  const std::size_t length = size_.inputs + hidden + 1;
  const std::vector<double> zero(hidden);
  std::vector<double> state_gradient(hidden);  // from the places after
  std::vector<double> cell_gradient(hidden);
  for (std::size_t t = trace.states.size(); t-- > 0;) {
    const std::vector<double>& gates = trace.gates[t];
    const std::vector<double>& c = before(trace.cells, t, zero);
    std::vector<double> sums(4 * hidden);  // gradients before the gates' nonlinearities
    for (std::size_t k = 0; k < hidden; ++k) {
      const double i = gates[k];
      const double f = gates[hidden + k];
      const double o = gates[2 * hidden + k];
      const double g = gates[3 * hidden + k];
      const double squashed = std::tanh(trace.cells[t][k]);
      const double dh = state_gradient[k] + output_gradient[t][k];
      const double dc = cell_gradient[k] + dh * o * (1 - squashed * squashed);
      sums[k] = dc * g * i * (1 - i);
      sums[hidden + k] = dc * c[k] * f * (1 - f);
      sums[2 * hidden + k] = dh * squashed * o * (1 - o);
      sums[3 * hidden + k] = dc * i * (1 - g * g);
      cell_gradient[k] = dc * f;
    }
    std::ranges::fill(state_gradient, 0);
    const std::vector<double>& h = before(trace.states, t, zero);
    for (std::size_t k = 0; k < 4 * hidden; ++k) {
      const std::span<const double> weights = row(k);
      double* const into = &gradient[k * length];
      for (std::size_t i = 0; i < size_.inputs; ++i) into[i] += sums[k] * trace.inputs[t][i];
      for (std::size_t i = 0; i < hidden; ++i) {
        into[size_.inputs + i] += sums[k] * h[i];
        state_gradient[i] += sums[k] * weights[size_.inputs + i];
      }
      into[length - 1] += sums[k];
    }
  }
}

BidirectionalLstm::BidirectionalLstm(const LstmSize& size, std::span<const double> parameters)
    : size_(size),
      onward_(size, parameters.first(size.parameters())),
      back_(size, parameters.subspan(size.parameters())) {}

BidirectionalLstm::Trace BidirectionalLstm::forward(const Sequence& inputs) const {
  Trace trace{onward_.forward(inputs), back_.forward(Sequence(inputs.rbegin(), inputs.rend())), {}};
  for (std::size_t t = 0; t < inputs.size(); ++t) {
    trace.outputs.push_back(trace.onward.states[t]);
    const std::vector<double>& other = trace.back.states[inputs.size() - 1 - t];
    trace.outputs.back().insert(trace.outputs.back().end(), other.begin(), other.end());
  }
  return trace;
}

void BidirectionalLstm::backward(const Trace& trace, const Sequence& output_gradient,
                                 std::span<double> gradient) const {
  Sequence onward;
  Sequence back;
  const auto middle = static_cast<std::ptrdiff_t>(size_.hidden);
  for (const std::vector<double>& each : output_gradient) {
    onward.emplace_back(each.begin(), each.begin() + middle);
    back.emplace_back(each.begin() + middle, each.end());
  }
  std::ranges::reverse(back);
  onward_.backward(trace.onward, onward, gradient.first(size_.parameters()));
  back_.backward(trace.back, back, gradient.subspan(size_.parameters()));
}

}  // namespace outrider::surgery
