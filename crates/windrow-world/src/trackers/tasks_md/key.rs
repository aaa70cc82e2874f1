//! Keys of list items, made from their own line alone.

/// Where a key made from a title is cut, in characters.
const MAX_SLUG: usize = 48;

/// Hexadecimal digits of the title's hash that stand for what a key left out.
const HASH_DIGITS: usize = 6;

/// Splits `Title {#id}` into the title and the id, when there is one.
pub(super) fn split_id(title: &str) -> (&str, Option<&str>) {
    let title = title.trim_end();
    let found = title.strip_suffix('}').and_then(|open| open.rsplit_once("{#"));
    found.map_or((title, None), |(title, id)| (title.trim_end(), Some(id)))
}

/// The key of a title: its letters and digits in lowercase, everything else as one `-`.
///
/// A title too long for that, or without a letter or digit, has a part of its hash instead of what
/// is missing. Invariant: it depends on nothing but the title, so that no other line can change it.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::new();
    let mut is_cut = false;
    for word in title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if slug.chars().count() + word.chars().count() >= MAX_SLUG {
            is_cut = true;
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    if slug.is_empty() || is_cut {
        let hash = blake3::hash(title.trim().as_bytes()).to_hex();
        let stem = if slug.is_empty() { "task" } else { &slug };
        return format!("{stem}-{}", &hash[..HASH_DIGITS]);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::{slug, split_id};

    #[test]
    fn a_key_is_the_words_of_the_title() {
        assert_eq!(slug("Add the `parser`'s \"lexer\""), "add-the-parser-s-lexer");
        assert_eq!(slug("../../etc; rm -rf $HOME"), "etc-rm-rf-home");
        assert_eq!(slug("--Größe ändern"), "größe-ändern");
    }

    #[test]
    fn what_a_key_leaves_out_is_in_its_hash() {
        assert!(slug("🚀").starts_with("task-"));
        assert_ne!(slug("🚀"), slug("🔥"));
        let long = "word ".repeat(30);
        assert!(slug(&long).len() <= super::MAX_SLUG + 7);
        assert_ne!(slug(&long), slug(&format!("{long} more")));
    }

    #[test]
    fn an_id_stands_at_the_end() {
        assert_eq!(split_id("Add it {#add} "), ("Add it", Some("add")));
        assert_eq!(split_id("Add {#a} it"), ("Add {#a} it", None));
        assert_eq!(split_id("Fix (#12)"), ("Fix (#12)", None));
        assert_eq!(split_id("{#only}"), ("", Some("only")));
    }
}
