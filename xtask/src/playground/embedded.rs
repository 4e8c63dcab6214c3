//! The list of the page's files, as the command takes them in.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// The largest page: a slow connection fetches it compressed, to about a third.
const SIZE_BUDGET: u64 = 4_000_000;

/// Writes down the files below `dist`.
pub fn write(dist: &Path, list: &Path) -> Result<(), Failure> {
    let mut files = Vec::new();
    collect(dist, &mut files).map_err(|error| format!("cannot read {}: {error}", dist.display()))?;
    files.sort();
    if !files.contains(&dist.join("index.html")) {
        return Err(format!("{} has no index.html: the page was not built", dist.display()));
    }
    let (mut code, mut size) = ("&[\n".to_owned(), 0);
    for file in files {
        size += fs::metadata(&file).map_or(0, |metadata| metadata.len());
        let name = file.strip_prefix(dist).unwrap_or(&file).components();
        let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
        let (name, path) = (name.join("/"), file.display().to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(code, "    ({name:?}, include_bytes!({path:?})),");
    }
    code += "]\n";
    eprintln!("xtask: playground/dist has {size} bytes, of {SIZE_BUDGET} it may have");
    if size > SIZE_BUDGET {
        return Err(format!("playground/dist is {} bytes too large", size - SIZE_BUDGET));
    }
    fs::write(list, code).map_err(|error| format!("cannot write {}: {error}", list.display()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
