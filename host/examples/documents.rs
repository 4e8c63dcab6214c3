//! Writes what is generated from the code into the repository. Called by `cargo xtask docs`.

use std::path::Path;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let root = std::env::args_os().nth(1).context("name the repository")?;
    let root = Path::new(&root);
    for (path, text) in rollgate::documents::generate(root)? {
        let path = root.join(path);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
