// Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000) over short sequences, in both directions,
// in double and with exact gradients: enough for a policy that looks at the layers of a network.
//
//   gates i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b); c = f c + i g; h = o tanh(c)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace outrider::surgery {

using Sequence = std::vector<std::vector<double>>;  // a vector for each place

struct LstmSize {
  std::size_t inputs = 1;
  std::size_t hidden = 1;

  // Rows i, f, o, g of `hidden` each; in a row the weights of the inputs, those of the state before, the bias.
  std::size_t parameters() const { return 4 * hidden * (inputs + hidden + 1); }
};

// One direction, gone through from the first place to the last.
class Lstm {
 public:
  // Refers to the parameters, size.parameters() of them, which stay where they are.
  Lstm(const LstmSize& size, std::span<const double> parameters);

  // What it computes at each place, and what backward() needs of it.
  struct Trace {
    Sequence inputs;
    Sequence gates;   // i, f, o, g
    Sequence cells;   // c
    Sequence states;  // h: the outputs
  };
  Trace forward(Sequence inputs) const;
  // Adds the gradient of the parameters to `gradient`, given that of the outputs.
  void backward(const Trace& trace, const Sequence& output_gradient, std::span<double> gradient) const;

 private:
  std::span<const double> row(std::size_t index) const;

  LstmSize size_;
  std::span<const double> parameters_;
};

// Two of them, one from the front and one from the back: at each place the states of both, one after the other.
class BidirectionalLstm {
 public:
  // Refers to twice size.parameters() parameters.
  BidirectionalLstm(const LstmSize& size, std::span<const double> parameters);

  struct Trace {
    Lstm::Trace onward;
    Lstm::Trace back;  // over the reversed sequence
    Sequence outputs;  // 2 hidden each
  };
  Trace forward(const Sequence& inputs) const;
  void backward(const Trace& trace, const Sequence& output_gradient, std::span<double> gradient) const;

 private:
  LstmSize size_;
  Lstm onward_;
  Lstm back_;
};

}  // namespace outrider::surgery
