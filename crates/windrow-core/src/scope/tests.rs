use proptest::prelude::*;

use super::{Case, MAX_LEN, Scope, ScopeError};

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn check_matches(text: &str, inside: &[&str], outside: &[&str]) {
    let scope = scope(text);
    for path in inside {
        assert!(scope.matches(path), "`{text}` should hold {path}");
    }
    for path in outside {
        assert!(!scope.matches(path), "`{text}` should not hold {path}");
    }
}

fn check_overlap(a: &str, b: &str, expected: bool) {
    assert_eq!(scope(a).overlaps(&scope(b)), expected, "{a} with {b}");
    assert_eq!(scope(b).overlaps(&scope(a)), expected, "{b} with {a}");
}

#[test]
fn where_case_does_not_count_names_in_another_case_meet() {
    let folds = |a: &str, b: &str, expected: bool| {
        let (a, b) = (scope(a), scope(b));
        assert_eq!(a.when(Case::Ignored).overlaps(b.when(Case::Ignored)), expected, "{a}, {b}");
        assert!(!a.when(Case::Counts).overlaps(b.when(Case::Counts)), "{a}, {b}");
    };
    folds("SRC/a.rs", "src/a.rs", true);
    folds("Src/**", "src/a/b.rs", true);
    folds("src/[A-C].rs", "src/b.rs", true);
    folds("src/[!a].rs", "src/a.rs", true);
    folds("É.txt", "é.txt", false);
    folds("SRC/a.rs", "src/b.rs", false);
    let holds =
        |text: &str, path: &str| scope(text).when(Case::Ignored).matches(&Case::Ignored.fold(path));
    assert!(holds("Cargo.toml", "cargo.TOML") && holds("{A,b}/*", "a/X"));
    assert!(!holds("Cargo.toml", "cargo.lock"));
}

#[test]
fn wildcards_choose_within_their_folder() {
    check_matches("src/*.rs", &["src/a.rs", "src/.rs"], &["src/a/b.rs", "src/a.rsx", "a.rs"]);
    check_matches("a?c", &["abc", "aéc"], &["ac", "a/c", "abbc"]);
    check_matches("[a-c]x", &["ax", "cx", "[a-c]x"], &["dx", "x"]);
    check_matches("[!a]x", &["bx", "[!a]x"], &["ax", "/x"]);
    check_matches("{src,tests}/*.{rs,toml}", &["src/a.rs", "tests/b.toml"], &["src/a.md"]);
    check_matches("a{b,{c,d}e}f", &["abf", "acef", "adef"], &["af", "acf"]);
    check_matches(r"\*.rs", &["*.rs"], &["a.rs"]);
    check_matches(
        "app/[id]/page.tsx",
        &["app/[id]/page.tsx", "app/i/page.tsx"],
        &["app/x/page.tsx"],
    );
}

#[test]
fn two_stars_cross_folders() {
    check_matches("src/**", &["src/a", "src/a/b.rs", "src"], &["srcs/a", "a/src/b"]);
    check_matches("**/mod.rs", &["mod.rs", "a/mod.rs", "a/b/mod.rs"], &["xmod.rs", "a/xmod.rs"]);
    check_matches("a/**/b", &["a/b", "a/x/b", "a/x/y/b", "a/b/below"], &["ab", "a/xb"]);
    check_matches("src/**.rs", &["src/a.rs", "src/a/b.rs"], &["src/a.md"]);
    check_matches("**", &["a", "a/b"], &[]);
}

#[test]
fn a_plain_name_means_itself_and_what_lies_below() {
    check_matches("src", &["src", "src/a/b"], &["srcs", "a/src"]);
    check_matches("src/", &["src", "src/a/b"], &["srcs"]);
    check_matches("./src/state.rs", &["src/state.rs"], &["state.rs"]);
    check_matches("*/", &["a", "a/b"], &[]);
    check_matches(".", &["a", "a/b"], &[]);
    check_matches("Src", &[], &["src"]);
    check_matches("--help $(rm) 'q'", &["--help $(rm) 'q'"], &[]);
}

#[test]
fn overlap_is_exact_for_the_usual_pairs() {
    check_overlap("src/**", "src/state.rs", true);
    check_overlap("src", "src/a/b.rs", true);
    check_overlap("src/*.rs", "src/*.toml", false);
    check_overlap("src/*.rs", "src/a*", true);
    check_overlap("src/**/mod.rs", "**/state/*", true);
    check_overlap("src/**", "tests/**", false);
    check_overlap("src", "srcs", false);
    check_overlap("**/*.rs", "docs/**/*.md", false);
    check_overlap("{a,b}/x", "{b,c}/x", true);
    check_overlap("{a,b}/x", "{c,d}/x", false);
    check_overlap("[ab].rs", "[bc].rs", true);
    check_overlap("[ab].rs", "[cd].rs", false);
    check_overlap("?", "ab", false);
    check_overlap(".", "x", true);
    check_overlap("Src/a", "src/a", false);
}

#[test]
fn braces_cannot_make_it_explode() {
    let text = "{a,b}".repeat(100);
    check_overlap(&text, &"{a,c}".repeat(100), true);
    check_overlap(&text, &"{c,d}".repeat(100), false);
    let stars = "*a".repeat(100);
    check_overlap(&stars, &"*b".repeat(100), false);
}

#[test]
fn what_is_no_relative_glob_is_refused_with_a_remedy() {
    let error = |text: &str| Scope::parse(text).expect_err(text);
    assert_eq!(error("  "), ScopeError::Empty);
    assert_eq!(error("/etc"), ScopeError::Absolute("/etc".into()));
    assert_eq!(error("~/x"), ScopeError::Absolute("~/x".into()));
    for text in ["..", "../x", "a/../b", "a/..", "{..,a}/x", r"..\x", "./.."] {
        assert_eq!(error(text), ScopeError::Parent(text.into()));
    }
    for text in ["a//b", "a/./b", ".//", "a//"] {
        assert_eq!(error(text), ScopeError::Step(text.into()));
    }
    for (text, bracket) in [("a[b", '['), ("a[]", '['), ("{a,b", '{'), ("a}", '}'), ("{{a}", '{')] {
        assert_eq!(error(text), ScopeError::Unbalanced { text: text.into(), bracket });
    }
    assert_eq!(error(r"src\state.rs"), ScopeError::Backslash(r"src\state.rs".into()));
    assert_eq!(error("!src"), ScopeError::Negated("!src".into()));
    assert_eq!(error("a\u{7}b"), ScopeError::Control("a\u{7}b".into()));
    assert!(matches!(error(&"x".repeat(MAX_LEN + 1)), ScopeError::TooLong { .. }));
    assert!(error("a[b").to_string().contains(r"`\[`"));
}

#[test]
fn a_scope_is_its_text_in_json() {
    let json = serde_json::to_string(&scope(" src/** ")).expect("serialises");
    assert_eq!(json, r#""src/**""#);
    assert_eq!(serde_json::from_str::<Scope>(&json).expect("reads"), scope("src/**"));
    assert!(serde_json::from_str::<Scope>(r#""../x""#).is_err());
}

/// Patterns and paths over a tiny alphabet, so that they often meet.
fn pattern() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "/", "/", "*", "**", "?", "[ab]", "[!a]", "[a-b]", "{a,b}", "{a/b,*}", "{,b}",
        "**/",
    ]);
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    let step = prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c', '[']), 1..3)
        .prop_map(String::from_iter);
    prop::collection::vec(step, 1..4).prop_map(|steps| steps.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn scopes_that_share_a_path_overlap(a in pattern(), b in pattern(), paths in prop::collection::vec(path(), 8)) {
        if let (Ok(a), Ok(b)) = (Scope::parse(&a), Scope::parse(&b)) {
            for path in paths.iter().filter(|path| a.matches(path) && b.matches(path)) {
                prop_assert!(a.overlaps(&b) && b.overlaps(&a), "{a} and {b} share {path}");
            }
        }
    }

    #[test]
    fn a_scope_overlaps_the_name_of_each_path_it_holds(a in pattern(), path in path()) {
        if let (Ok(a), Ok(b)) = (Scope::parse(&a), Scope::parse(&path.replace('[', r"\["))) {
            prop_assert!(b.matches(&path));
            if a.matches(&path) {
                prop_assert!(path.starts_with(a.prefix()));
                prop_assert!(a.overlaps(&b));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        if let Ok(scope) = Scope::parse(&text) {
            prop_assert!(scope.overlaps(&scope));
        }
    }
}
