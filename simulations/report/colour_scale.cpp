#include "simulations/report/colour_scale.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace outrider::simulations {
namespace {

struct OkLab {
  double lightness = 0, a = 0, b = 0;
};

double to_linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}
double from_linear(double channel) {
  const double clipped = std::clamp(channel, 0.0, 1.0);
  return clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * std::pow(clipped, 1 / 2.4) - 0.055;
}

// The matrices of https://bottosson.github.io/posts/oklab/.
Rgb to_rgb(const OkLab& colour) {
  const double l = std::pow(colour.lightness + 0.3963377774 * colour.a + 0.2158037573 * colour.b, 3);
  const double m = std::pow(colour.lightness - 0.1055613458 * colour.a - 0.0638541728 * colour.b, 3);
  const double s = std::pow(colour.lightness - 0.0894841775 * colour.a - 1.2914855480 * colour.b, 3);
  return {from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

// Lightness in even steps; the hue turns a little and the colour grows stronger towards the end.
struct Ramp {
  double lightness_from, lightness_to;
  double chroma_from, chroma_to;
  double hue_from, hue_to;  // degrees
};
constexpr Ramp kLightPage{0.975, 0.36, 0.012, 0.115, 225, 262};
constexpr Ramp kDarkPage{0.26, 0.90, 0.025, 0.115, 262, 210};

std::array<Rgb, kColourLevels> colours_of(const Ramp& ramp) {
  std::array<Rgb, kColourLevels> colours;
  for (std::size_t level = 0; level < kColourLevels; ++level) {
    const double t = static_cast<double>(level) / (kColourLevels - 1);
    // Strongest two thirds up: sRGB has no strong colour that is as light or as dark as the ends.
    const double swell = std::sin(std::min(t, 0.66) / 0.66 * std::acos(-1.0) / 2);
    const double chroma = ramp.chroma_from + (ramp.chroma_to - ramp.chroma_from) * swell;
    const double hue = (ramp.hue_from + (ramp.hue_to - ramp.hue_from) * t) * std::acos(-1.0) / 180;
    colours.at(level) = to_rgb({ramp.lightness_from + (ramp.lightness_to - ramp.lightness_from) * t,
                                chroma * std::cos(hue), chroma * std::sin(hue)});
  }
  return colours;
}

double luminance(const Rgb& colour) {
  return 0.2126 * to_linear(colour.red) + 0.7152 * to_linear(colour.green) + 0.0722 * to_linear(colour.blue);
}

std::string rules_of(const std::array<Rgb, kColourLevels>& colours) {
  std::string rules;
  for (std::size_t level = 0; level < kColourLevels; ++level)
    rules += fmt::format(".scaled .l{}{{background:{};color:{}}}", level, css_colour(colours.at(level)),
                         css_colour(text_colour_on(colours.at(level))));
  return rules;
}

}  // namespace

std::size_t colour_level(double value, double from, double to) {
  assert(std::isfinite(value) && from < to);
  const double t = std::clamp((value - from) / (to - from), 0.0, 1.0);
  return static_cast<std::size_t>(std::lround(t * (kColourLevels - 1)));
}

std::array<Rgb, kColourLevels> light_page_colours() {
  return colours_of(kLightPage);
}
std::array<Rgb, kColourLevels> dark_page_colours() {
  return colours_of(kDarkPage);
}

std::string css_colour(const Rgb& colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", std::lround(255 * colour.red), std::lround(255 * colour.green),
                     std::lround(255 * colour.blue));
}

double contrast(const Rgb& one, const Rgb& other) {
  const auto [darker, lighter] = std::minmax({luminance(one), luminance(other)});
  return (lighter + 0.05) / (darker + 0.05);
}

Rgb text_colour_on(const Rgb& ground) {
  const Rgb black{}, white{1, 1, 1};
  return contrast(black, ground) > contrast(white, ground) ? black : white;
}

std::string colour_scale_style() {
  return rules_of(light_page_colours()) + "@media screen and (prefers-color-scheme:dark){" +
         rules_of(dark_page_colours()) + "}";
}

}  // namespace outrider::simulations
