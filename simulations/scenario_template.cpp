#include "simulations/scenario_template.h"

#include <array>

namespace outrider::simulations {
namespace {

// What several kinds have alike, for the place that is named so in a template.
struct Piece {
  std::string_view place;
  std::string_view text;
};
constexpr std::array kPieces{
    Piece{
        "@HEAD@",
        R"toml(# Run it with `outrider simulate FILE`, check it with `outrider simulate FILE --check`. Every key is here; one that is
# left out has its default. docs/scenarios.md says more.
name = "@NAME@"                 # of the run's directory, runs/NAME; required
title = "What it shows"         # for the report; default: none
)toml"},
    Piece{"@PATH@", R"toml(# where it lies; --data DIR says so on the command line:
# path = "DIR"                  # default: none; fashion-mnist: Debian's package dataset-fashion-mnist
)toml"},
    Piece{"@ARCHITECTURES@",
          R"toml(# the network: conv4, lenet-300-100, lenet5, resnet18, resnet18-gem, simplenet, wrn-16-4, wrn-28-10:
)toml"},
    Piece{"@PREPROCESSING@",
          R"toml(# CHANNELSxHEIGHTxWIDTH to which pictures are resized; 1 or 3 channels, sides up to 1024:
input = "1x28x28"               # default: "1x28x28"
invert = false                  # dark becomes light; default: false
mean = 0.286                    # of pixel values in [0, 1]; subtracted; -10 to 10; default: 0
deviation = 0.353               # of pixel values in [0, 1]; divided by; 0.001 to 10; default: 1
)toml"},
    Piece{"@EPISODES@", R"toml(way = 6                         # classes in an episode; 2 to 1000; default: 5
shots = 5                       # support pictures of each; 1 to 1000; default: 5
queries = 15                    # query pictures of each; 1 to 1000; default: 15
rotations = false               # classes turned by 90, 180 and 270 degrees are further classes; default: false
episodes = 600                  # how many; each is a step of Adam; 0 to 10000000; default: 1000
learning_rate = 0.001           # of Adam; 1e-06 to 1; default: 0.001
halve_every = 200               # episodes after which the learning rate is halved; 1 to 10000000; default: 2000
# to learn with; part of the result: other threads, other bits:
threads = 2                     # 1 to 1024; default: 2
)toml"}};

constexpr std::string_view kMissionTemplate = R"toml(
# A mission: clients meet new classes step by step and learn each from a few labelled pictures; after every step is
# a rendezvous. Real processes: an aggregator and the clients.
@HEAD@seed = 1                        # of everything that is drawn; 0 to 9223372036854775807; default: 1

[data]
kind = "fashion-mnist"          # fashion-mnist, mnist, omniglot, cifar10, cifar100, images or fsdd; required
@PATH@
# The encoder, trained in episodes on the base classes (Snell et al. 2017).
[pretraining]
@ARCHITECTURES@architecture = "conv4"          # default: "conv4"
@PREPROCESSING@# base classes, which the encoder is trained on:
classes = ["t-shirt", "pullover", "dress", "coat", "shirt", "sneaker"]  # default: all of the training part
@EPISODES@
# What the clients meet. The new classes are dealt out at random.
[mission]
clients = 4                     # processes; 1 to 256; default: 4
steps = 4                       # the new classes come in as many steps; 1 to 10000; default: 1
new_classes = 0                 # how many; 0: all that are no base classes; 0 to 1000000; default: 0
shots = 20                      # labelled pictures of each new class; 1 to 1000000; default: 5
test_pictures = 0               # of each class; 0: all; 0 to 1000000; default: 0
keep_base = true                # whether the base classes are told apart too; false for omniglot; default: true
threads_per_client = 1          # to learn with; 1 to 256; default: 1
patience_seconds = 120          # how long a rendezvous may take; 1 to 86400; default: 120

# The lower bound: encoder and linear head, fine-tuned on one step after the other.
[fine_tuning]
epochs = 10                     # of each step; 0: left out; 0 to 100000; default: 0
learning_rate = 0.01            # of plain SGD; 1e-06 to 10; default: 0.01
batch = 32                      # pictures at a time; 1 to 100000; default: 32
)toml";

constexpr std::string_view kStudyTemplate = R"toml(
# A study: tasks come one after the other, and one network is to know them all; methods are compared. Masks travel
# through the federation as they do in the field.
@HEAD@seeds = [1, 2, 3]               # one run with each; different whole numbers; 0 to 9223372036854775807; default: [1]
methods = ["supsup", "exssnet", "exssnet-kkt", "fine-tuning", "ewc"]  # what is compared; default: all five
# to learn with; part of the result: other threads, other bits:
threads = 2                     # 1 to 1024; default: 2

[data]
kind = "fashion-mnist"          # fashion-mnist, mnist, omniglot, cifar10, cifar100, images or fsdd; required
@PATH@
# The network under the masks, and the dense one of the baselines.
[network]
@ARCHITECTURES@architecture = "lenet-300-100"  # default: "lenet-300-100"
@PREPROCESSING@
[tasks]
# split: every task has some of the classes; permuted: all, under an order of pixels of its own:
kind = "split"                  # required
count = 5                       # tasks; 2 to 1000; required
classes_per_task = 2            # split only; 2 to 10000; default: 2
train_pictures = 1000           # of each class; 0: all; 0 to 1000000; default: 0
test_pictures = 0               # of each class; 0: all; 0 to 1000000; default: 0
clients = 2                     # task t is learned by client t mod clients; 1 to 256; default: 2

# The methods supsup, exssnet and exssnet-kkt.
[supermask]
# shares of each layer's weights that a task uses; one run with each; different numbers:
densities = [0.1]               # 0.0001 to 1; default: [0.1]
batch = 64                      # pictures at a time; 1 to 100000; default: 64
mask_epochs = 10                # of the search for a mask; 1 to 100000; default: 10
mask_rate = 0.01                # learning rate of the search; 1e-06 to 10; default: 0.01
# of training the weights that no earlier task uses; not supsup:
weight_epochs = 10              # 1 to 100000; default: 10
weight_rate = 0.001             # its learning rate; 1e-06 to 10; default: 0.001

# The methods fine-tuning and ewc.
[baselines]
epochs = 10                     # of each task; 1 to 100000; default: 10
rate = 0.001                    # learning rate; 1e-06 to 10; default: 0.001
batch = 64                      # pictures at a time; 1 to 100000; default: 64
ewc_strength = 1000             # how strongly old weights are held; 0 to 1000000000; default: 1000
# pictures of each task from which the importance of its weights is estimated:
ewc_samples = 200               # 1 to 1000000; default: 200
)toml";

constexpr std::string_view kFederationTemplate = R"toml(
# A federation: many clients that learn class prototypes, in one process under virtual time: what data they have and
# when it comes, what they and the network are like, and what goes wrong. The same seed gives the same events.
@HEAD@seeds = [1, 2, 3]               # one run with each; different whole numbers; 0 to 9223372036854775807; default: [1]
# federated: what is merged; alone: single clients; central: all pictures at one place:
methods = ["federated", "alone", "central"]  # default: all three
# every seed turns each kind of fault off, on or down: for finding defects with many seeds:
swarm = false                   # default: false

[data]
# fashion-mnist, mnist, cifar10, cifar100, images or fsdd; or "gaussians", see below:
kind = "fashion-mnist"          # required
@PATH@
# Only for data.kind = "gaussians": points around a centre for each class, where the exchange alone matters. Then
# there is no [pretraining].
# [gaussians]
# classes = 10                  # each with a centre of its own; 2 to 65536; required
# dimension = 8                 # of the points; 1 to 65536; default: 8
# examples = 1000               # in all, to learn from; a quarter more to test; 2 to 10000000; default: 1000
# encoder_bytes = 700000        # of the stand-in for an encoder that clients fetch; 1 to 268435456; default: 700000

# The encoder, trained in episodes (Snell et al. 2017). Clients learn all classes that are not named here.
[pretraining]
@ARCHITECTURES@architecture = "conv4"          # default: "conv4"
@PREPROCESSING@# base classes: the encoder is trained on them, and everyone knows them; default: all, and nobody knows any at the
# start:
classes = ["t-shirt", "pullover", "dress", "coat", "shirt", "sneaker"]
@EPISODES@
[federation]
clients = 100                   # how many; with all their rendezvous at most 100 million; 1 to 100000; default: 100
rendezvous = 10                 # of each client: its mission has as many steps; 1 to 10000; default: 10
# hours from one step to the next; a rendezvous is at a random moment of its step:
hours_between = 1               # 0.001 to 8766; default: 1
# new classes with each step, in a random order; 0: all with the first:
classes_at_once = 1             # 0 to 1000000; default: 0
# chance, at each rendezvous, that a client takes back a class that it has taught:
withdrawals = 0                 # 0 to 1; default: 0
clients_measured = 100          # of which the method alone is the mean, at most; 1 to 100000; default: 100
test_pictures = 100             # of each class; 0: all; 0 to 1000000; default: 0

# How the training pictures are divided among the clients.
[partition]
# iid: evenly; dirichlet: each class in random proportions; shards: few classes each; quantity: random amounts;
# natural: by who made them, where the data say so:
kind = "dirichlet"              # default: "iid"
# dirichlet and quantity only; the smaller, the more unequal:
alpha = 0.5                     # 0.001 to 1000000; default: 0.5
# shards_per_client = 2         # shards only; pieces of the pictures sorted by class; 1 to 10000; default: 2
pictures_per_client = 0         # at most, drawn from its share; 0: all of it; 0 to 1000000; default: 0

# What a share of the clients is like; one table for each kind, by names that differ. Without any, all clients are
# as the defaults say.
[[profile]]
name = "device"                 # for the report; different for each; default: "device"
share = 1                       # relative to the other profiles' shares; 0 to 1000000; default: 1
pictures_per_second = 100       # that it learns; 0.001 to 1000000000; default: 100
kilobits_per_second = 0         # of its link, each way; 0: no limit; 0 to 1000000000; default: 0
available_from = 0              # hour of the day; a span may go past midnight; 0 to 24; default: 0
available_until = 24            # hour of the day; 0 to 24; default: 24
# its clock goes wrong by up to so many millionths, either way:
clock_drift_ppm = 0             # 0 to 100000; default: 0
clock_jump_seconds = 0          # its clock is off by up to this at every start; 0 to 1000000000; default: 0
dishonest = false               # it sends what an honest client never would; default: false
# its words are nasty, and beside it somebody says nasty words, numbers and sizes in thousands of names:
hostile = false                 # default: false
# its device is sound, and says of classes what is not true:
lies = false                    # default: false

# Each message's fate is drawn independently.
[network]
loss = 0                        # chance that a message is lost; 0 to 0.99; default: 0
duplication = 0                 # chance that it arrives twice; 0 to 1; default: 0
# uniform between the two below, or exponential, lognormal or pareto from the shortest on:
delay = "uniform"               # default: "uniform"
shortest_delay_ms = 20          # milliseconds; 0 to 86400000; default: 20
# milliseconds; longer ones are cut; different delays reorder:
longest_delay_ms = 200          # 0 to 86400000; default: 200
# how often a share of the clients does not reach the aggregator:
partitions_per_hour = 0         # 0 to 3600; default: 0
partition_minutes = 10          # how long; 0.001 to 1000000; default: 10
partition_share = 0.5           # which share of the clients; 0 to 1; default: 0.5

# Means per hour; the moments are random. A crash loses what was not committed.
[crashes]
clients_per_hour = 0            # crashes of each client; 0 to 3600; default: 0
# crashes of the aggregator; half of them in the middle of a write:
aggregator_per_hour = 0         # 0 to 3600; default: 0
full_disks_per_hour = 0         # commits of the aggregator that fail; 0 to 3600; default: 0

# What the aggregator takes and how it weighs it: docs/poison.md.
[admission]
# of a class, that one client may say it has; more is refused:
most_pictures = 10000           # 1 to 1099511627776; default: 10000
most_classes = 256              # that one client may teach; more are refused; 1 to 1000000; default: 256
open_base = false               # clients weigh in base classes as in others; default: false
# classes that one client alone teaches are trusted, however many:
trust_alone = false             # default: false
)toml";

constexpr std::string_view kRoundsTemplate = R"toml(
# Rounds: clients train one network together, each on its own pictures; strategies are compared in several settings,
# and with all pictures at one place. One process; the aggregator's own code conducts the rounds.
@HEAD@seeds = [1, 2, 3]               # one run with each; different whole numbers; 0 to 9223372036854775807; default: [1]
# clients that train at the same time; the result is the same for any number:
threads = 2                     # 1 to 1024; default: 2

[rounds]
rounds = 30                     # how many; 1 to 100000; default: 20
measure_every = 1               # rounds from one measurement of the model to the next; 1 to 100000; default: 1
late = 0                        # chance that an update comes after its round is over; 0 to 1; default: 0
central = true                  # whether all pictures at one place are trained on too; default: true

# When the methods with grow = true grow.
[growth]
patience = 3                    # rounds without gain; 1 to 100000; default: 3
# by which the clients' loss must fall to count as a gain, as a share of the least so far:
gain = 0.02                     # 0 to 1; default: 0.02
factor = 2                      # by which widths grow at once; 1.01 to 100; default: 2

# What is learned, and by whom: one table for each setting, by names that differ.
[[setting]]
name = "Fashion-MNIST"          # for the report; required
data = "fashion-mnist"          # fashion-mnist, mnist, cifar10, cifar100, images or fsdd; required
# where they lie; --data DIR says so on the command line, and for several kinds of data DIR/KIND:
# path = "DIR"                  # default: none; fashion-mnist: Debian's package dataset-fashion-mnist
@ARCHITECTURES@architecture = "lenet5"         # default: "lenet5"
@PREPROCESSING@clients = 20                    # how many; 1 to 10000; default: 20
# iid: evenly; dirichlet: each class in random proportions; shards: few classes each; quantity: random amounts;
# natural: by who made them, where the data say so:
partition = "dirichlet"         # default: "iid"
# dirichlet and quantity only; the smaller, the more unequal:
alpha = 0.1                     # 0.001 to 1000000; default: 0.5
# shards_per_client = 2         # shards only; pieces of the pictures sorted by class; 1 to 10000; default: 2
pictures_per_client = 0         # at most, drawn from its share; 0: all of it; 0 to 1000000; default: 0
train_pictures = 0              # of each class; 0: all; 0 to 1000000; default: 0
test_pictures = 0               # of each class; 0: all; 0 to 1000000; default: 0
cohort = 10                     # clients asked in a round; 1 to 10000; default: 10
batch = 32                      # pictures at a time; 1 to 100000; default: 32
epochs = 1                      # that a client trains in a round; 1 to 100000; default: 1
rate = 0.05                     # learning rate of its plain SGD; 1e-06 to 10; default: 0.05

# How clients and aggregator go about it: one table for each method, by names that differ.
[[method]]
name = "fedavg"                 # for the report; not "central"; required
strategy = "fedavg rate 1"      # docs/rounds.md has all of them; default: "fedavg"
precision = "float32"           # of updates: float32, float16 or int8; default: "float32"
# of the parts of the network that clients hold and train: client k has the (k mod n)-th of n different ones out of 1,
# 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125 and 0.0625:
widths = [1]                    # 0.0625 to 1; default: [1]
nested = false                  # whether clients go on with narrower parts that others train; default: false
masked = false                  # whether classes that a client lacks are left out of its loss; default: false
size = 1                        # width of the network at the beginning, of the setting's; 0.01 to 1; default: 1
# whether it grows, when training stalls, until it is as wide as the setting's; size must be below 1:
grow = false                    # default: false
# whether it grows by channels of their own, which nobody reads yet, instead of copies of those that there are:
new_channels = false            # default: false

# What merging is worth: two clients with different classes train small networks, of which one is made by growth, by
# averaging, and beside them a large one is trained from scratch (docs/growing.md). Without this table it is left out.
# [merging]
# settings = ["Fashion-MNIST"]  # with whose pictures; default: all
# architecture = "conv4"        # the network, as above; default: "conv4"
# size = 0.25                   # width of the small networks, of the architecture's; 0.01 to 1; default: 0.25
# templates = 2                 # in a set, of which weights are mixtures; 1 to 64; default: 2
# own = 1000                    # pictures of each of its classes that a client has; 0: all; 0 to 1000000; default: 1000
# shared = 100                  # pictures of every class for the grown network; 1 to 1000000; default: 100
# batch = 64                    # pictures at a time; 1 to 100000; default: 64
# epochs = 10                   # of each client; 1 to 100000; default: 10
# merged_epochs = 20            # of who trains the grown network; 1 to 100000; default: 20
# rate = 0.05                   # learning rate at the beginning; 1e-06 to 10; default: 0.05
)toml";

constexpr std::array kTemplates{kMissionTemplate, kStudyTemplate, kFederationTemplate, kRoundsTemplate};
constexpr std::string_view kPlaceOfName = "@NAME@";

void put(std::string& text, std::string_view place, std::string_view content) {
  if (const std::size_t at = text.find(place); at != std::string::npos) text.replace(at, place.size(), content);
}

}  // namespace

std::string scenario_template(ScenarioKind kind, const std::string& name) {
  std::string text(kTemplates[static_cast<std::size_t>(kind)].substr(1));  // without the line break at its start
  for (const Piece& piece : kPieces) put(text, piece.place, piece.text);
  put(text, kPlaceOfName, name);
  return text;
}

}  // namespace outrider::simulations
