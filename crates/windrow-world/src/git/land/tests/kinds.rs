//! Recovery of every kind of change, in both directions: line ends, filters, links, modes, files
//! and folders that change places, paths outside of a sparse checkout, submodule pointers.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::child::{self, Dies, Verb};
use super::ground::{Ground, files, put};
use crate::git::{Direction, Oid};

fn ground(sparse: bool) -> (Ground, Oid) {
    let ground = Ground::new();
    ground.git(["config", "filter.big.smudge", "sed 's/^pointer /content of /'"]);
    ground.git(["config", "filter.big.clean", "sed 's/^content of /pointer /'"]);
    ground.git(["config", "filter.big.required", "true"]);
    ground.put(".gitattributes", "*.big filter=big\n*.txt text eol=crlf\n");
    ground.put("x.big", "content of x\n");
    ground.put("x.txt", "one\r\ntwo\r\n");
    ground.put("outside/file", "outside\n");
    symlink("b", ground.main.join("link")).unwrap();
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "kinds"]);
    let new = ground.work(|at| {
        put(&at.join("x.big"), "content of y\n");
        put(&at.join("x.txt"), "one\r\nthree\r\n");
        // Attributes that change with the files they rule.
        put(&at.join(".gitattributes"), "*.big filter=big\n*.txt text eol=crlf\nz text eol=crlf\n");
        put(&at.join("z"), "new\r\n");
        fs::remove_file(at.join("a")).unwrap();
        put(&at.join("a/inside"), "a is a folder\n");
        fs::remove_dir_all(at.join("dir")).unwrap();
        put(&at.join("dir"), "dir is a file\n");
        fs::remove_file(at.join("link")).unwrap();
        put(&at.join("link"), "link is a file\n");
        fs::remove_file(at.join("b")).unwrap();
        symlink("c", at.join("b")).unwrap();
        fs::set_permissions(at.join("d"), fs::Permissions::from_mode(0o755)).unwrap();
        put(&at.join("outside/file"), "outside: landed\n");
        put(&at.join("outside/more"), "outside: landed\n");
        put(&at.join("e"), "e: first line\nand one more\n");
    });
    if sparse {
        ground.git(["sparse-checkout", "set", "--no-cone", "/*", "!/outside/"]);
        assert!(!ground.main.join("outside").exists());
    }
    (ground, new)
}

/// What a checkout without any interruption holds.
fn model(sparse: bool) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (ground, new) = ground(sparse);
    let landed = ground.land(&new);
    ground.assert_landed(&landed, &new, "");
    below(&ground)
}

fn below(ground: &Ground) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let root = &ground.main;
    let all = files(root).into_iter();
    all.map(|(path, bytes)| (path.strip_prefix(root).unwrap().to_owned(), bytes)).collect()
}

/// Cuts the move off half way: some paths as before, some gone, some cut.
fn half(ground: &Ground) {
    let path = |name: &str| ground.main.join(name);
    put(&path("x.txt"), "one\r\ntwo\r\n");
    put(&path("x.big"), "content");
    fs::remove_file(path("link")).unwrap();
    fs::remove_file(path("b")).unwrap();
    fs::remove_file(path("dir")).unwrap();
    put(&path("dir/two"), "dir/two: first line\n");
    fs::set_permissions(path("d"), fs::Permissions::from_mode(0o644)).unwrap();
    put(&path("e"), "e: first line\n");
}

#[test]
fn every_kind_goes_forward() {
    for sparse in [false, true] {
        let model = model(sparse);
        for (step, halved) in
            [("noted", false), ("files", false), ("files", true), ("moved", false), ("moved", true)]
        {
            let (ground, new) = ground(sparse);
            child::run(&ground, Verb::Land, &new, step, Dies::All);
            if halved {
                half(&ground);
            }
            let finished = ground.lander().recover().unwrap().finished.unwrap();
            let when = format!("{step}, sparse: {sparse}, halved: {halved}");
            assert_eq!(finished.left, Vec::<std::path::PathBuf>::new(), "{when}");
            assert_eq!(finished.direction, Direction::Forward, "{when}");
            assert_eq!(ground.head(), new, "{when}");
            assert_eq!(ground.status(), "", "{when}");
            assert_eq!(below(&ground), model, "{when}");
            ground.assert_tidy();
        }
    }
}

#[test]
fn every_kind_goes_back() {
    for sparse in [false, true] {
        for halved in [false, true] {
            let (ground, new) = ground(sparse);
            let before = below(&ground);
            child::run(&ground, Verb::Land, &new, "files", Dies::Lander);
            let other = ground.git(["commit-tree", "-p", "HEAD", "-m", "other", "HEAD^{tree}"]);
            ground.git(["update-ref", "refs/heads/main", other.trim()]);
            if halved {
                half(&ground);
            }
            let finished = ground.lander().recover().unwrap().finished.unwrap();
            let when = format!("sparse: {sparse}, halved: {halved}");
            assert_eq!(finished.left, Vec::<std::path::PathBuf>::new(), "{when}");
            assert_eq!(finished.direction, Direction::Back, "{when}");
            assert_eq!(ground.status(), "", "{when}");
            assert_eq!(below(&ground), before, "{when}");
            ground.assert_tidy();
        }
    }
}

#[test]
fn an_edit_where_a_file_and_a_folder_change_places_keeps_both_as_they_are() {
    for own in [false, true] {
        let (ground, new) = ground(false);
        child::run(&ground, Verb::Land, &new, "moved", Dies::Lander);
        fs::remove_file(ground.main.join("dir")).unwrap();
        ground.put("dir/one", "dir/one: edited\n");
        if own {
            ground.put("dir/own", "the person's\n");
        }
        let finished = ground.lander().recover().unwrap().finished.unwrap();
        assert!(finished.left.contains(&"dir/one".into()), "{:?}", finished.left);
        assert_eq!(ground.head(), new);
        assert_eq!(ground.text("dir/one"), "dir/one: edited\n");
        assert_eq!(ground.main.join("dir/own").exists(), own);
        assert_eq!(ground.text("a/inside"), "a is a folder\n");
        ground.assert_tidy();
    }
}
