//! The policy in a web page.
