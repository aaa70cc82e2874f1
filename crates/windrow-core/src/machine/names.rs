//! Short memorable names for sessions, told apart by their first letters where that is possible.

/// The names, in the order in which they are given out.
pub const NAMES: &[&str] = &[
    "toast", "shadow", "obsidian", "maple", "falcon", "ember", "quartz", "willow", "harbor",
    "comet", "juniper", "basalt", "saffron", "lynx", "meadow", "north", "opal", "pepper", "raven",
    "sparrow", "thistle", "umber", "velvet", "walnut", "yarrow", "zephyr", "acorn", "bramble",
    "cedar", "dune", "elder", "fennel", "garnet", "heron", "indigo", "jasper", "kelp", "lantern",
    "marble", "nettle", "otter", "pine", "quill", "rowan", "sable", "tundra", "urchin", "vesper",
    "wren", "yew", "amber", "birch", "clover", "delta", "echo", "fern", "granite", "hazel", "iris",
    "jade", "kestrel", "lichen", "moss", "nimbus", "onyx", "plum", "reed", "slate", "teal", "vale",
    "wisp", "aspen", "breeze", "coral", "drift", "ermine", "flint", "grove", "holly", "ivory",
    "jetty", "larch", "mint", "nova", "orchid", "pebble", "ridge", "sorrel", "tarn", "violet",
    "wharf", "alder", "bay", "cinder", "dusk", "fjord", "glade", "heath", "inlet", "koi", "loam",
    "mica", "newt", "oak", "poppy", "rill", "sage", "thyme", "vine", "wold",
];
