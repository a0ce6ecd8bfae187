#include "learners/data/resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "knowledge/error.h"
#include "learners/data/limits.h"

namespace outrider {
namespace {

// How the positions of a resized axis are weighted means of the original ones.
class Axis {
 public:
  Axis(int from, int to) {
    const double scale = static_cast<double>(from) / to;
    for (int i = 0; i < to; ++i) {
      if (scale > 1)
        cover(i * scale, (i + 1) * scale, from);
      else
        interpolate((i + 0.5) * scale - 0.5, from);
    }
  }

  struct Mean {
    std::size_t first;
    std::vector<float> weights;  // of the positions from `first` on; they add up to 1
  };
  const std::vector<Mean>& means() const { return means_; }

 private:
  void cover(double begin, double end, int from) {
    const int first = static_cast<int>(begin);
    const int last = std::min(from, static_cast<int>(std::ceil(end)));
    Mean mean{static_cast<std::size_t>(first), {}};
    for (int i = first; i < last; ++i) {
      const double part = std::min<double>(end, i + 1) - std::max<double>(begin, i);
      mean.weights.push_back(static_cast<float>(part / (end - begin)));
    }
    means_.push_back(std::move(mean));
  }

  void interpolate(double centre, int from) {
    const double inside = std::clamp(centre, 0.0, from - 1.0);
    const int first = std::min(static_cast<int>(inside), std::max(0, from - 2));
    const auto second_weight = static_cast<float>(inside - first);
    Mean mean{static_cast<std::size_t>(first), {1.0F - second_weight}};
    if (second_weight > 0) mean.weights.push_back(second_weight);
    means_.push_back(std::move(mean));
  }

  std::vector<Mean> means_;
};

// Resizes single planes; keeps its buffers for the next.
class PlaneResizer {
 public:
  PlaneResizer(const ImageShape& from, const ImageShape& to)
      : height_(static_cast<std::size_t>(from.height)),
        width_(static_cast<std::size_t>(from.width)),
        rows_(from.height, to.height),
        columns_(from.width, to.width),
        narrowed_(height_ * columns_.means().size()),
        row_(columns_.means().size()) {}

  void resize(std::span<const std::uint8_t> plane, std::uint8_t* out) {
    narrow(plane);
    for (const Axis::Mean& mean : rows_.means()) {
      std::fill(row_.begin(), row_.end(), 0.5F);  // rounds
      for (std::size_t k = 0; k < mean.weights.size(); ++k) {
        const float* from = narrowed_.data() + (mean.first + k) * row_.size();
        for (std::size_t x = 0; x < row_.size(); ++x) row_[x] += mean.weights[k] * from[x];
      }
      for (const float value : row_) *out++ = static_cast<std::uint8_t>(std::min(value, 255.0F));
    }
  }

 private:
  void narrow(std::span<const std::uint8_t> plane) {
    float* out = narrowed_.data();
    for (std::size_t y = 0; y < height_; ++y)
      for (const Axis::Mean& mean : columns_.means()) {
        const std::uint8_t* from = plane.data() + y * width_ + mean.first;
        float sum = 0;
        for (std::size_t k = 0; k < mean.weights.size(); ++k) sum += mean.weights[k] * static_cast<float>(from[k]);
        *out++ = sum;
      }
  }

  std::size_t height_, width_;
  Axis rows_, columns_;
  std::vector<float> narrowed_;  // original rows, resized columns
  std::vector<float> row_;
};

void to_luma(std::span<const std::uint8_t> rgb, std::span<std::uint8_t> gray) {
  const std::size_t plane = gray.size();
  for (std::size_t i = 0; i < plane; ++i) {
    const unsigned thousandths = 299u * rgb[i] + 587u * rgb[plane + i] + 114u * rgb[2 * plane + i];
    gray[i] = static_cast<std::uint8_t>((thousandths + 500u) / 1000u);
  }
}

class ImageResizer {
 public:
  ImageResizer(const ImageShape& from, const ImageShape& to) : from_(from), to_(to), planes_(from, to) {
    if (from.channels == 3 && to.channels == 1) luma_.resize(from.size() / 3);
  }

  void resize(std::span<const std::uint8_t> image, std::span<std::uint8_t> out) {
    if (!luma_.empty()) {
      to_luma(image, luma_);
      image = luma_;
    }
    const std::size_t plane_in = from_.size() / static_cast<std::size_t>(from_.channels);
    const std::size_t plane_out = to_.size() / static_cast<std::size_t>(to_.channels);
    for (std::size_t c = 0; c < static_cast<std::size_t>(to_.channels); ++c) {
      std::uint8_t* to = out.data() + c * plane_out;
      if ((c + 1) * plane_in <= image.size())
        planes_.resize(image.subspan(c * plane_in, plane_in), to);
      else
        std::copy_n(out.data(), plane_out, to);  // gray to RGB
    }
  }

 private:
  ImageShape from_, to_;
  PlaneResizer planes_;
  std::vector<std::uint8_t> luma_;
};

void require_resizable(const ImageShape& from, const ImageShape& to) {
  const auto gray_or_rgb = [](int channels) { return channels == 1 || channels == 3; };
  if (to.channels != from.channels && !(gray_or_rgb(from.channels) && gray_or_rgb(to.channels)))
    throw InputError("pictures of " + describe(from) + " cannot become " + describe(to) +
                     "; only gray and RGB are converted");
  require_sane_size("the target of resizing", static_cast<std::uint64_t>(std::max(0, to.height)),
                    static_cast<std::uint64_t>(std::max(0, to.width)));
}

}  // namespace

Image resize(const Image& image, const ImageShape& target) {
  assert(image.pixels.size() == image.shape.size());
  require_resizable(image.shape, target);
  if (image.shape == target) return image;
  Image result{.shape = target, .pixels = std::vector<std::uint8_t>(target.size())};
  ImageResizer(image.shape, target).resize(image.pixels, result.pixels);
  return result;
}

Dataset resize(const Dataset& data, const ImageShape& target) {
  require_resizable(data.shape, target);
  require_sane_total("the resized data set", data.size(), target);
  if (data.shape == target) return data;
  Dataset result{.shape = target,
                 .pixels = std::vector<std::uint8_t>(data.size() * target.size()),
                 .labels = data.labels,
                 .classes = data.classes,
                 .groups = data.groups,
                 .group_names = data.group_names};
  ImageResizer resizer(data.shape, target);
  for (std::size_t i = 0; i < data.size(); ++i)
    resizer.resize(data.image(i), std::span(result.pixels).subspan(i * target.size(), target.size()));
  return result;
}

Image invert(Image image) {
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(255 - value);
  return image;
}

Dataset invert(Dataset data) {
  for (std::uint8_t& value : data.pixels) value = static_cast<std::uint8_t>(255 - value);
  return data;
}

}  // namespace outrider
